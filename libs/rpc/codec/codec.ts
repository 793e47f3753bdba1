import { type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { type FastCodec, fastCodecOf } from './fast-codec.ts';
import { cutPlainBytes, NO_ROOM, WIRE_TOOLS } from './wire-tools.ts';

/** Bytes of messages of one type, and back. Messages are those of protobuf-es; what is absent may be there as undefined. */
export interface MessageCodec {
  /** Answers bytes that are the caller's own. @throws as `toBinary`. */
  encode(message: Message): Buffer;
  /**
   * Fields of bytes are views of what is given: Buffers, or plain arrays where `isPlain` says so.
   *
   * @throws as `fromBinary`.
   */
  decode(bytes: Buffer, isPlain: boolean): Message;
}

/** What is larger is left to the full codec: the scratch bytes are kept. */
const MAX_SCRATCH_BYTES: number = 8 * 1024 * 1024;

const codecs = new WeakMap<DescMessage, MessageCodec>();

/**
 * The codec of a message type: one that is generated from its descriptor when it is first needed, several times as fast as
 * protobuf-es, and that one itself for whatever is unusual: unknown fields, negative numbers, malformed bytes, values that
 * are not of their type.
 */
export function codecOf(desc: DescMessage): MessageCodec {
  let codec = codecs.get(desc);
  if (codec === undefined) {
    codec = createCodec(desc);
    codecs.set(desc, codec);
  }
  return codec;
}

function createCodec(desc: DescMessage): MessageCodec {
  const fast = fastCodecOf(desc);
  return {
    encode: (message) => {
      const bytes = maybeEncode(fast, message) ?? toBinary(desc, message);
      return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    },
    decode: (bytes, isPlain) => {
      if (fast.isUsable) {
        cutPlainBytes(isPlain);
        try {
          return fast.decode(bytes, 0, bytes.length, 1);
        } catch {
          // Whatever it was, the full codec finds it too, or copes with it.
        }
      }
      return fromBinary(desc, isPlain ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes);
    },
  };
}

/** Absent: the full codec has to do it. */
function maybeEncode(fast: FastCodec, message: Message): Buffer | undefined {
  while (fast.isUsable) {
    const { scratch } = WIRE_TOOLS;
    try {
      const start = fast.encode(message, scratch.length);
      const bytes = Buffer.allocUnsafe(scratch.length - start);
      scratch.copy(bytes, 0, start);
      return bytes;
    } catch (error) {
      if (error !== NO_ROOM || scratch.length >= MAX_SCRATCH_BYTES) return undefined;
      WIRE_TOOLS.scratch = Buffer.allocUnsafeSlow(scratch.length * 2);
    }
  }
  return undefined;
}
