import { ConnectError } from '@connectrpc/connect';
import type { CallStatus } from '../errors/call-status.ts';

/** A refusal as connect sends it: the details are the very ones of the gRPC door. */
export function connectErrorFromStatus(status: CallStatus, requestId: string): ConnectError {
  const { code, message, details } = status;
  return new ConnectError(message, code, { 'x-request-id': requestId }, [...details]);
}
