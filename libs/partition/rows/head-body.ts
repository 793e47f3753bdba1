import type { EventOf } from '#libs/engine/events/event.ts';
import { createByteReader, readByte, readBytes, readVarint } from '#libs/engine/log/byte-reader.ts';
import { type ByteWriter, writeByte, writeBytes, writeVarint } from '#libs/engine/log/byte-writer.ts';
import { object, optional, text, varint } from '#libs/engine/log/codec.ts';
import { failure, payload, terminalStatus } from '#libs/engine/log/value-codecs.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { Driver } from '#libs/engine/model/status.ts';
import { EVENTS_PER_SEGMENT } from '#libs/store/tables/segments.ts';
import { copyRunEnd } from '../runs/run-end.ts';
import { type StartFacts, startFacts } from '../runs/start-facts.ts';
import { packBody } from './pack-body.ts';

/** The format that is written. */
const FORMAT = 1;

/** What the body of a head holds. A run that is small is wholly in it: snapshot, outcome and the last events. */
export interface HeadBody {
  readonly driver: Driver;
  readonly start: StartFacts;
  /** The place of the last entry of the log; of a SERVER run the number of the last event. */
  readonly lastSequence: number;
  /** Absent: it is too large and has a row of its own, of version `lastSequence`. */
  readonly snapshot: Uint8Array | undefined;
  /** The place that the segment begins with which is not closed; the one after `lastSequence` when it is empty. */
  readonly openFrom: number;
  /** The bytes of the events from `openFrom` to `lastSequence`. Absent: they are too large and have a row of their own. */
  readonly openEvents: Uint8Array | undefined;
  /** How the run ended. `last`: the last of the open events says it, so that an output is not kept twice. */
  readonly ended: EventOf<'runEnded'> | 'last' | undefined;
}

const IS_CLIENT = 1;
const HAS_SNAPSHOT = 2;
const HAS_EVENTS = 4;
const HAS_END = 8;
const ENDS_WITH_LAST = 16;
const KNOWN_PARTS: number = IS_CLIENT | HAS_SNAPSHOT | HAS_EVENTS | HAS_END | ENDS_WITH_LAST;

const endFields = object<Omit<EventOf<'runEnded'>, 'kind'>>({
  sequence: varint,
  eventTime: varint,
  status: terminalStatus,
  output: payload,
  failure: optional(failure),
  requestedBy: text,
  reason: text,
  interruptedAt: text,
});

/** Packs the body of a head, for a row. */
export function encodeHeadBody(body: HeadBody): Uint8Array {
  return packBody((writer) => writeHeadBody(writer, body));
}

function writeHeadBody(writer: ByteWriter, body: HeadBody): void {
  const { driver, snapshot, openEvents, ended } = body;
  let parts = 0;
  if (driver === 'CLIENT') parts |= IS_CLIENT;
  if (snapshot !== undefined) parts |= HAS_SNAPSHOT;
  if (openEvents !== undefined) parts |= HAS_EVENTS;
  if (ended === 'last') parts |= ENDS_WITH_LAST;
  else if (ended !== undefined) parts |= HAS_END;
  writeByte(writer, FORMAT);
  writeByte(writer, parts);
  startFacts.write(writer, body.start);
  writeVarint(writer, body.lastSequence);
  writeVarint(writer, body.openFrom);
  if (snapshot !== undefined) writeBytes(writer, snapshot);
  if (openEvents !== undefined) writeBytes(writer, openEvents);
  if (ended !== undefined && ended !== 'last') endFields.write(writer, ended);
}

/**
 * Reads what `encodeHeadBody` packed. Snapshot and events are views into it, everything else is not.
 *
 * @throws LogError UNKNOWN_VERSION, TRUNCATED or MALFORMED for anything else.
 */
export function decodeHeadBody(bytes: Uint8Array): HeadBody {
  const reader = createByteReader(bytes);
  const format = readByte(reader);
  if (format !== FORMAT) throw new LogError('UNKNOWN_VERSION', `heads of format ${format} are not known`);
  const parts = readByte(reader);
  const has = (part: number): boolean => (parts & part) !== 0;
  if (has(~KNOWN_PARTS)) throw new LogError('MALFORMED', `heads with the parts ${parts} are not known`);
  if (has(ENDS_WITH_LAST) && (has(HAS_END) || !has(HAS_EVENTS))) {
    throw new LogError('MALFORMED', 'the event that a head ends with is not in it');
  }
  const start = startFacts.read(reader);
  const lastSequence = readVarint(reader);
  const openFrom = readVarint(reader);
  const openCount = lastSequence + 1 - openFrom;
  if (lastSequence === 0 || openFrom === 0 || openCount < 0 || openCount >= EVENTS_PER_SEGMENT) {
    throw new LogError('MALFORMED', `a segment from ${openFrom} cannot be open after ${lastSequence}`);
  }
  const snapshot = has(HAS_SNAPSHOT) ? readBytes(reader) : undefined;
  const openEvents = has(HAS_EVENTS) ? readBytes(reader) : undefined;
  const ended = has(HAS_END)
    ? copyRunEnd({ kind: 'runEnded', ...endFields.read(reader) })
    : has(ENDS_WITH_LAST)
      ? 'last'
      : undefined;
  if (reader.position !== reader.end) {
    throw new LogError('MALFORMED', `${reader.end - reader.position} bytes follow a head`);
  }
  return { driver: has(IS_CLIENT) ? 'CLIENT' : 'SERVER', start, lastSequence, openFrom, snapshot, openEvents, ended };
}
