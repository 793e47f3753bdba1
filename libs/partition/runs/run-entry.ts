import { type ByteReader, readByte, readString, readVarint } from '#libs/engine/log/byte-reader.ts';
import {
  type ByteWriter,
  createByteWriter,
  reserve,
  writeByte,
  writeString,
  writeVarint,
  writtenBytes,
} from '#libs/engine/log/byte-writer.ts';
import { flag, id, optional } from '#libs/engine/log/codec.ts';
import { copyBytes } from '#libs/engine/log/copy-bytes.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { RunIdentity } from '#libs/engine/model/run.ts';
import type { EventBytes } from './event-bytes.ts';
import { type StartFacts, startFacts } from './start-facts.ts';

/** What the first byte of a journal entry says. */
export const ENTRY_KIND = { run: 1, partition: 2 } as const;

/** What one visit appended to one incarnation. */
export interface RunEntry {
  readonly identity: RunIdentity;
  /** Only with the first event. */
  readonly start: StartFacts | undefined;
  readonly events: EventBytes;
}

const maybeStart = optional(startFacts);

const scratch = createByteWriter(256);

/** The bytes that every entry of an incarnation begins with. */
export function encodeRunName(identity: RunIdentity): Uint8Array {
  const writer = scratch;
  writer.length = 0;
  writeByte(writer, ENTRY_KIND.run);
  writeString(writer, identity.tenantId);
  writeString(writer, identity.runId);
  id.write(writer, identity.incarnation);
  flag.write(writer, identity.driver === 'CLIENT');
  return writtenBytes(writer).slice();
}

/** Writes everything but the events, which the caller writes behind it. `name` is of `encodeRunName`. */
export function writeRunEntryHead(
  writer: ByteWriter,
  name: Uint8Array,
  start: StartFacts | undefined,
  events: Pick<EventBytes, 'firstSequence' | 'count'>,
): void {
  reserve(writer, name.length);
  copyBytes(writer.bytes, writer.length, name, 0, name.length);
  writer.length += name.length;
  maybeStart.write(writer, start);
  writeVarint(writer, events.firstSequence);
  writeVarint(writer, events.count);
}

/**
 * Reads an entry whose first byte said that it is of a run. The events are a view into what is read; `copyEvents`, or
 * `slice` of their bytes, makes them last.
 *
 * @throws LogError TRUNCATED or MALFORMED. Whether the events are right is seen when they are read.
 */
export function readRunEntry(reader: ByteReader): RunEntry {
  const tenantId = readString(reader);
  const runId = readString(reader);
  const incarnation = id.read(reader);
  const driver = flag.read(reader) ? 'CLIENT' : 'SERVER';
  const start = maybeStart.read(reader);
  const firstSequence = readVarint(reader);
  const count = readVarint(reader);
  if (firstSequence === 0 || count === 0) throw new LogError('MALFORMED', 'an entry of a run has no first event');
  if ((start === undefined) === (firstSequence === 1)) {
    throw new LogError('MALFORMED', 'what a start said stands with the first event, and with no other');
  }
  const { bytes: page, position, end } = reader;
  // A plain array over the page, which may be a Buffer: of a Buffer, `slice` would be a view.
  const bytes = new Uint8Array(page.buffer, page.byteOffset + position, end - position);
  reader.position = end;
  return { identity: { tenantId, runId, incarnation, driver }, start, events: { firstSequence, count, bytes } };
}

/**
 * Reads the kind of an entry.
 *
 * @throws LogError UNKNOWN_KIND for one of a newer release.
 */
export function readEntryKind(reader: ByteReader): keyof typeof ENTRY_KIND {
  const kind = readByte(reader);
  if (kind === ENTRY_KIND.run) return 'run';
  if (kind === ENTRY_KIND.partition) return 'partition';
  throw new LogError('UNKNOWN_KIND', `entries of kind ${kind} are not known`);
}
