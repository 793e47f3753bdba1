import type { SystemRecord } from '../events/client-events.ts';
import type { Event, EventKind } from '../events/event.ts';
import { LogError } from '../model/log-error.ts';
import { payloadSize } from '../model/payload.ts';
import { type ByteReader, readByte, readSigned, readVarint, take } from './byte-reader.ts';
import { type ByteWriter, reserve, writeByte, writeSigned, writeVarint } from './byte-writer.ts';
import { EVENT_KINDS } from './event-kinds.ts';
import type { KindCodec } from './kind-codec.ts';

/** The version of the format that is written. Newer ones are refused by name. */
const EVENT_VERSION: number = 1;

const NARROW = 2;
const WIDE = 4;
/** What fits behind two bytes of length, with room for what is not payload. */
const NARROW_PAYLOAD_BYTES = 8_192;

/**
 * Writes an event: length, version, kind, number, time as the distance from `baseTime`, and its fields, without names. A
 * record of a batch keeps one base time for all its events, which makes most times one byte.
 *
 * The length stands in front so that a release that does not know a kind, or the last fields of one, can still tell where
 * the next event begins. Payload bytes are copied once: the room for the length is chosen before they are.
 */
export function encodeEvent(writer: ByteWriter, event: Event, baseTime: number): void {
  const width = payloadBytes(event) > NARROW_PAYLOAD_BYTES ? WIDE : NARROW;
  reserve(writer, width + 1);
  const start = writer.length;
  writer.length = start + width;
  const codec = EVENT_KINDS[event.kind] as KindCodec<object>;
  writeByte(writer, EVENT_VERSION);
  writeVarint(writer, codec.number);
  writeVarint(writer, event.sequence);
  writeSigned(writer, event.eventTime - baseTime);
  codec.fields.write(writer, event);
  writeLength(writer, start, width);
}

/** Puts the length into the room that was left for it, as a varint of exactly that many bytes. */
function writeLength(writer: ByteWriter, start: number, width: number): void {
  let size = writer.length - start - width;
  let room = width;
  if (size >= 2 ** (7 * room)) {
    // Rare: long texts beside a short payload.
    if (room === WIDE || size >= 2 ** (7 * WIDE)) throw new LogError('MALFORMED', `an event has ${size} bytes`);
    reserve(writer, WIDE - NARROW);
    writer.bytes.copyWithin(start + WIDE, start + NARROW, writer.length);
    writer.length += WIDE - NARROW;
    room = WIDE;
  }
  for (let index = 0; index < room; index++) {
    writer.bytes[start + index] = (size & 0x7f) | (index < room - 1 ? 0x80 : 0);
    size >>>= 7;
  }
}

function payloadBytes(event: Event): number {
  switch (event.kind) {
    case 'stepRecorded':
      return payloadSize(event.result);
    case 'valueRecorded':
    case 'stateSet':
      return payloadSize(event.value);
    case 'signalConsumed':
      return payloadSize(event.payload);
    case 'signalReceived':
      return payloadSize(event.signal.payload);
    case 'runStarted':
    case 'taskScheduled':
    case 'childScheduled':
      return payloadSize(event.input);
    case 'runEnded':
    case 'taskCompleted':
    case 'loopIterated':
    case 'childEnded':
      return payloadSize(event.output);
    case 'clientEvent':
      return payloadSize(event.data);
    case 'systemRecord':
      return recordBytes(event.record);
    default:
      return 0;
  }
}

function recordBytes(record: SystemRecord): number {
  switch (record.kind) {
    case 'snapshotSaved':
      return payloadSize(record.payload);
    case 'taskResultSaved':
    case 'taskCompleted':
    case 'runEnded':
      return payloadSize(record.output);
    case 'statePatched':
      return payloadSize(record.value);
    case 'itemEnqueued':
    case 'runStarted':
      return payloadSize(record.input);
    case 'signalReceived':
      return payloadSize(record.signal.payload);
    default:
      return 0;
  }
}

const kindNames = new Map(Object.entries(EVENT_KINDS).map(([name, { number }]) => [number, name as EventKind]));

/**
 * Reads one event. Bytes of its payload are a view into what is read. UNKNOWN_VERSION and UNKNOWN_KIND leave the reader
 * after the event, so that whoever only passes the log on can go on behind it; TRUNCATED and MALFORMED do not.
 */
export function decodeEvent(reader: ByteReader, baseTime: number): Event {
  const size = readVarint(reader);
  const start = take(reader, size);
  const next = reader.position;
  const { end } = reader;
  const version = readByteAt(reader, start, next);
  if (version !== EVENT_VERSION) {
    reader.position = next;
    throw new LogError('UNKNOWN_VERSION', `events of version ${version} are not known`);
  }
  reader.end = next;
  try {
    const number = readVarint(reader);
    const kind = kindNames.get(number);
    if (kind === undefined) throw new LogError('UNKNOWN_KIND', `events of kind ${number} are not known`);
    const sequence = readVarint(reader);
    const eventTime = baseTime + readSigned(reader);
    const fields = (EVENT_KINDS[kind] as KindCodec<object>).fields.read(reader);
    return { kind, ...fields, sequence, eventTime } as Event;
  } finally {
    reader.position = next;
    reader.end = end;
  }
}

function readByteAt(reader: ByteReader, start: number, end: number): number {
  reader.position = start;
  if (start === end) throw new LogError('TRUNCATED', 'an event has no bytes');
  return readByte(reader);
}
