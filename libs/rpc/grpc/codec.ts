import type { DescMessage, Message } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import { UndecodedRequest } from '../call/accept-request.ts';
import { codecOf } from '../codec/codec.ts';

/** Decodes requests; grpc-js would tell a caller of bad bytes that the server has a fault. */
export function requestDecoder(desc: DescMessage, maxBytes: number): (bytes: Buffer) => Message | UndecodedRequest {
  const codec = codecOf(desc);
  return (bytes) => {
    if (bytes.byteLength > maxBytes) {
      return new UndecodedRequest(tooLarge(bytes.byteLength, maxBytes));
    }
    try {
      return codec.decode(bytes, false);
    } catch (cause) {
      return new UndecodedRequest(new DomainError('MALFORMED', `request is no ${desc.typeName}`, { cause }));
    }
  };
}

/** Encodes answers without copying them, and refuses to send what is too large. */
export function responseEncoder(desc: DescMessage, maxBytes: number): (message: Message) => Buffer {
  const codec = codecOf(desc);
  return (message) => {
    const bytes = codec.encode(message);
    if (bytes.byteLength > maxBytes) {
      throw tooLarge(bytes.byteLength, maxBytes);
    }
    return bytes;
  };
}

function tooLarge(size: number, maximum: number): DomainError {
  return new DomainError('PAYLOAD_TOO_LARGE', `message of ${size} bytes is larger than ${maximum}`, {
    metadata: { size: String(size), maximum: String(maximum) },
  });
}
