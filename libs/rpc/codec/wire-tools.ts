/** Thrown by a generated codec that meets what it was not made for: the full one takes over. Made once, for its stack. */
export const UNUSUAL: Error = new Error('not for the fast codec');
/** Thrown when the room for what is written is too small. */
export const NO_ROOM: Error = new Error('no room for the message');

/** Room that there is before each field of fixed size; what generated codecs write between two checks fits in it. */
export const MARGIN_BYTES = 1_024;

/** Texts up to this are read and written letter by letter, which is faster than to ask the runtime. */
const MAX_LETTERS = 48;
/** Texts up to this are kept, because names come again and again. */
const MAX_KEPT_LETTERS = 24;
const KEPT_TEXTS = 512;
const SCRATCH_BYTES: number = 64 * 1024;
const KEPT_BIGINTS = 1_024;
/** Seven bits a byte. */
const MAX_VARINT_BYTES = 7;
const REPLACEMENT = '\ufffd';

const keptTexts: string[] = Array.from({ length: KEPT_TEXTS }, () => '');
const keptBigints: readonly bigint[] = Array.from({ length: KEPT_BIGINTS }, (_, value) => BigInt(value));
const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);
let isPlain = false;

/** What generated codecs call. */
export interface WireTools {
  /** Where messages are written; replaced by a larger one when it is too small. */
  scratch: Buffer;
  readonly unusual: Error;
  readonly noRoom: Error;
  readonly longVarint: (bytes: Uint8Array, at: number, first: number) => number;
  readonly endOfVarint: (bytes: Uint8Array, at: number) => number;
  readonly bigintOf: (value: number) => bigint;
  readonly text: (bytes: Buffer, start: number, end: number) => string;
  readonly cut: (bytes: Buffer, start: number, end: number) => Uint8Array;
  readonly readDouble: (bytes: Uint8Array, at: number) => number;
  readonly writeVarint: (bytes: Uint8Array, value: number, end: number) => number;
  readonly writeText: (bytes: Buffer, value: string, end: number) => number;
  readonly writeBytes: (bytes: Uint8Array, value: Uint8Array, end: number) => number;
  readonly writeDouble: (bytes: Uint8Array, value: number, end: number) => number;
}

/** Whether fields of bytes are cut from a message as plain arrays, or as Buffers. Holds until it is said again. */
export function cutPlainBytes(value: boolean): void {
  isPlain = value;
}

/** The number whose second byte is at `at`, of up to 49 bits; `first` is its first byte. */
function longVarint(bytes: Uint8Array, at: number, first: number): number {
  let value = first & 0x7f;
  let factor = 128;
  for (let index = 0; index < MAX_VARINT_BYTES - 1; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw UNUSUAL;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  throw UNUSUAL;
}

/** How many bytes a number has whose first one is before `at`. */
function endOfVarint(bytes: Uint8Array, at: number): number {
  let end = at;
  while ((bytes[end] ?? 0) > 0x7f) end += 1;
  return end + 1;
}

function bigintOf(value: number): bigint {
  return keptBigints[value] ?? BigInt(value);
}

/** The text between two places. One that is no UTF-8 is left to the full codec. */
function text(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return '';
  if (length > MAX_KEPT_LETTERS) return longText(bytes, start, end);
  let hash = length;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return longText(bytes, start, end);
    hash = (hash * 31 + byte) | 0;
  }
  const slot = (hash ^ (hash >>> 15)) & (KEPT_TEXTS - 1);
  const kept = keptTexts[slot] ?? '';
  if (isText(kept, bytes, start, length)) return kept;
  const made = bytes.toString('latin1', start, end);
  keptTexts[slot] = made;
  return made;
}

function isText(kept: string, bytes: Buffer, start: number, length: number): boolean {
  if (kept.length !== length) return false;
  for (let index = 0; index < length; index += 1) if (kept.charCodeAt(index) !== bytes[start + index]) return false;
  return true;
}

function longText(bytes: Buffer, start: number, end: number): string {
  const made = bytes.toString('utf8', start, end);
  // What is there itself cannot be told from what was put in its place.
  if (made.includes(REPLACEMENT)) throw UNUSUAL;
  return made;
}

function cut(bytes: Buffer, start: number, end: number): Uint8Array {
  return isPlain ? new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start) : bytes.subarray(start, end);
}

function readDouble(bytes: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index += 1) doubleBytes[index] = bytes[at + index] ?? 0;
  return double[0] ?? 0;
}

/** Writes a number of up to 53 bits before `end`; answers where it begins. */
function writeVarint(bytes: Uint8Array, value: number, end: number): number {
  let count = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) count += 1;
  const start = end - count;
  let rest = value;
  for (let at = start; at < end - 1; at += 1) {
    bytes[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[end - 1] = rest;
  return start;
}

/** Writes a text before `end`; answers where it begins. */
function writeText(bytes: Buffer, value: string, end: number): number {
  const { length } = value;
  if (length > MAX_LETTERS) return writeLongText(bytes, value, end);
  let start = end - length;
  if (start < MARGIN_BYTES) throw NO_ROOM;
  for (let index = 0; index < length; index += 1) {
    const letter = value.charCodeAt(index);
    if (letter > 0x7f) return writeLongText(bytes, value, end);
    bytes[start] = letter;
    start += 1;
  }
  return end - length;
}

function writeLongText(bytes: Buffer, value: string, end: number): number {
  const length = Buffer.byteLength(value);
  const start = end - length;
  if (start < MARGIN_BYTES) throw NO_ROOM;
  bytes.write(value, start, length, 'utf8');
  return start;
}

function writeBytes(bytes: Uint8Array, value: Uint8Array, end: number): number {
  const start = end - value.length;
  if (start < MARGIN_BYTES) throw NO_ROOM;
  bytes.set(value, start);
  return start;
}

function writeDouble(bytes: Uint8Array, value: number, end: number): number {
  double[0] = value;
  bytes.set(doubleBytes, end - 8);
  return end - 8;
}

/** The tools, as generated codecs get them. */
export const WIRE_TOOLS: WireTools = {
  scratch: Buffer.allocUnsafeSlow(SCRATCH_BYTES),
  unusual: UNUSUAL,
  noRoom: NO_ROOM,
  longVarint,
  endOfVarint,
  bigintOf,
  text,
  cut,
  readDouble,
  writeVarint,
  writeText,
  writeBytes,
  writeDouble,
};
