import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DomainError } from '#libs/errors/domain-error.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import {
  BACKUP_MAGIC,
  BACKUP_VERSION,
  CHECKSUM_BYTES,
  FRAME,
  FRAME_HEAD_BYTES,
  type Frame,
  type FrameKind,
  MAX_FRAME_BYTES,
  PREAMBLE_BYTES,
} from './frame-format.ts';

/** The kinds that this version knows. */
const KINDS: ReadonlySet<number> = new Set(Object.values(FRAME));

/**
 * Reads the frames of a backup and holds one of them at a time. Each leaves only after its checksum was found right; the
 * end only after the SHA-256 of everything was, and nothing follows it.
 *
 * @throws DATA_CORRUPTION, naming the byte, for what is cut or damaged.
 * @throws StartError for what is no backup or of a version that is too new.
 */
export async function* readFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void> {
  const input = createInput(source);
  try {
    await checkPreamble(input);
    const hash = createHash('sha256').update(input.take(PREAMBLE_BYTES));
    for (let frames = 0; ; frames += 1) {
      const start = input.position;
      const whole = await readFrame(input);
      const frame = parseFrame(whole, start);
      if (frame.kind === FRAME.end) {
        checkEnd(frame, { frames, size: start, sha256: hash.digest('hex') });
        if (await input.fill(1)) {
          throw damaged(input.position, 'something follows its end');
        }
        yield frame;
        return;
      }
      hash.update(whole);
      yield frame;
    }
  } finally {
    await input.close();
  }
}

async function checkPreamble(input: Input): Promise<void> {
  const isThere = await input.fill(PREAMBLE_BYTES);
  const preamble = input.peek(PREAMBLE_BYTES);
  if (!Buffer.from(preamble.subarray(0, BACKUP_MAGIC.length)).equals(BACKUP_MAGIC) || !isThere) {
    throw new StartError('this is no backup of millrace');
  }
  const version = preamble[BACKUP_MAGIC.length] ?? 0;
  if (version > BACKUP_VERSION) {
    throw new StartError(
      `the backup is of version ${version}, this program reads up to ${BACKUP_VERSION}: use a newer release`,
    );
  }
}

async function readFrame(input: Input): Promise<Uint8Array> {
  if (!(await input.fill(FRAME_HEAD_BYTES))) {
    throw damaged(input.position, 'it is cut short');
  }
  const head = Buffer.from(input.peek(FRAME_HEAD_BYTES));
  const length = head.readUInt32BE(1);
  if (length > MAX_FRAME_BYTES || head.readUInt32BE(5) > length - 4) {
    throw damaged(input.position, 'a length is wrong');
  }
  const size = 5 + length + CHECKSUM_BYTES;
  if (!(await input.fill(size))) {
    throw damaged(input.position, 'it is cut short');
  }
  return input.take(size);
}

function parseFrame(whole: Uint8Array, start: number): Frame {
  const frame = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  const end = frame.length - CHECKSUM_BYTES;
  const kind = frame.readUInt8(0);
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) {
    throw damaged(start, 'a checksum is wrong');
  }
  if (!KINDS.has(kind)) {
    throw damaged(start, `it has a part of the unknown kind ${kind}`);
  }
  const textEnd = FRAME_HEAD_BYTES + frame.readUInt32BE(5);
  const text: unknown = JSON.parse(frame.toString('utf8', FRAME_HEAD_BYTES, textEnd));
  return { kind: kind as FrameKind, text, bytes: frame.subarray(textEnd, end) };
}

function checkEnd(frame: Frame, found: { frames: number; size: number; sha256: string }): void {
  const told = frame.text as typeof found;
  if (told.frames !== found.frames || told.size !== found.size || told.sha256 !== found.sha256) {
    throw damaged(found.size, 'its end does not fit what comes before');
  }
}

function damaged(position: number, what: string): DomainError {
  return new DomainError('DATA_CORRUPTION', `the backup is damaged at byte ${position}: ${what}`, {
    metadata: { position: String(position) },
  });
}

/** Bytes of a stream that wait to be read. */
interface Input {
  /** Bytes that were taken. */
  readonly position: number;
  /** Waits until there are so many; answers `false` where the stream ends before. */
  fill(count: number): Promise<boolean>;
  peek(count: number): Uint8Array;
  take(count: number): Uint8Array;
  close(): Promise<void>;
}

function createInput(source: AsyncIterable<Uint8Array>): Input {
  const iterator = source[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  let waiting = 0;
  let position = 0;

  /** Joins parts until the first has so many bytes. */
  function join(count: number): Uint8Array {
    if ((parts[0]?.length ?? 0) < count) {
      parts.splice(0, parts.length, Buffer.concat(parts));
    }
    return (parts[0] ?? new Uint8Array()).subarray(0, count);
  }

  return {
    get position() {
      return position;
    },
    async fill(count) {
      while (waiting < count) {
        const { done, value } = await iterator.next();
        if (done === true) {
          return false;
        }
        // A part is good until the next one is asked for.
        parts.push(Uint8Array.from(value));
        waiting += value.length;
      }
      return true;
    },
    peek: join,
    take(count) {
      const taken = join(count);
      parts[0] = (parts[0] ?? taken).subarray(count);
      waiting -= count;
      position += count;
      return taken;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
