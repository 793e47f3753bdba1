import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { StatusSchema } from '#gen/google/rpc/status_pb.ts';
import type { CallStatus } from '../errors/call-status.ts';

/** The trailer that carries `google.rpc.Status`. */
const STATUS_DETAILS_TRAILER = 'grpc-status-details-bin';

/** What goes out with every answer. */
export function trailers(requestId: string): Metadata {
  const metadata = new Metadata();
  metadata.set('x-request-id', requestId);
  return metadata;
}

/** A refusal as grpc-js sends it. */
export function grpcStatus(status: CallStatus, requestId: string): StatusObject {
  const metadata = trailers(requestId);
  const message = create(StatusSchema, {
    code: status.code,
    message: status.message,
    details: status.details.map(({ desc, value }) => anyPack(desc, value)),
  });
  metadata.set(STATUS_DETAILS_TRAILER, Buffer.from(toBinary(StatusSchema, message)));
  return { code: status.code as number, details: status.message, metadata };
}
