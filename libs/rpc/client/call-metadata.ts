import type { Metadata } from '@grpc/grpc-js';
import { DomainError } from '#libs/errors/domain-error.ts';
import { HOPS_HEADER } from '../call/hops-header.ts';
import type { CallOptions } from './call-options.ts';
import type { RpcChannel } from './channel.ts';

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;
const HEADER_VALUE = /^[\x20-\x7e]*$/;

/**
 * The metadata of one call: the channel's, with request id and trace context where there are any. Without them it is
 * the channel's own object, which grpc-js copies before it changes anything.
 *
 * @throws INVALID_FIELDS for a request id that no header can carry.
 */
export function callMetadata(channel: RpcChannel, { requestId, parent, hops }: CallOptions): Metadata {
  const shared = channel.metadata();
  const ownRequestId = requestId ?? parent?.requestId;
  const trace = parent?.trace;
  if (ownRequestId === undefined && trace === undefined && hops === undefined) {
    return shared;
  }
  const metadata = shared.clone();
  if (ownRequestId !== undefined) {
    assertRequestId(ownRequestId);
    metadata.set('x-request-id', ownRequestId);
  }
  if (hops !== undefined) {
    metadata.set(HOPS_HEADER, String(hops));
  }
  if (trace !== undefined) {
    metadata.set('traceparent', trace.traceparent);
    if (trace.tracestate !== undefined && HEADER_VALUE.test(trace.tracestate)) {
      metadata.set('tracestate', trace.tracestate);
    }
  }
  return metadata;
}

function assertRequestId(requestId: string): void {
  if (!REQUEST_ID.test(requestId)) {
    const description = '1 to 128 visible ascii characters';
    throw new DomainError('INVALID_FIELDS', `requestId: ${description}`, {
      violations: [{ field: 'requestId', description }],
    });
  }
}
