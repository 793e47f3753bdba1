import { createHash } from 'node:crypto';
import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';

/** A request that may be made again under the same id. */
export type Repeatable<I extends DescMessage> = MessageShape<I> & { requestId: string };

/** A hash of everything that a request says but its id. */
export function requestDigest<I extends DescMessage>(schema: I, request: Repeatable<I>): Uint8Array {
  return createHash('sha256')
    .update(toBinary(schema, { ...request, requestId: '' }))
    .digest();
}
