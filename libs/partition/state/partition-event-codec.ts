import { type ByteReader, readByte, readVarint, take } from '#libs/engine/log/byte-reader.ts';
import {
  type ByteWriter,
  createByteWriter,
  writeByte,
  writeBytes,
  writtenBytes,
} from '#libs/engine/log/byte-writer.ts';
import { type Codec, id, object, text, varint } from '#libs/engine/log/codec.ts';
import { payload } from '#libs/engine/log/value-codecs.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { copyPayload, ownBytes } from '../runs/own-bytes.ts';
import type { PartitionEvent } from './partition-event.ts';

type EventOf<K extends PartitionEvent['kind']> = Extract<PartitionEvent, { readonly kind: K }>;
type Fields<K extends PartitionEvent['kind']> = Codec<Omit<EventOf<K>, 'kind'>>;

/** A payload that waits for its run for a day, while what it was read from goes. */
const ownPayload: Codec<Payload | undefined> = {
  write: (writer, value) => payload.write(writer, value),
  read: (reader) => {
    const value = payload.read(reader);
    return value === undefined ? undefined : copyPayload(value);
  },
};

/** Numbers are never used again for something else. */
const KINDS: { readonly [K in PartitionEvent['kind']]: { readonly number: number; readonly fields: Fields<K> } } = {
  messageQueued: { number: 1, fields: object({ targetPartition: varint, number: varint, body: ownBytes }) },
  messagesAcknowledged: { number: 2, fields: object({ targetPartition: varint, upTo: varint }) },
  messageApplied: { number: 3, fields: object({ sourcePartition: varint, number: varint }) },
  requestAnswered: {
    number: 4,
    fields: object({
      tenantId: text,
      runId: text,
      rpc: text,
      requestId: text,
      argumentsHash: ownBytes,
      reply: ownBytes,
      expireTime: varint,
    }),
  },
  signalUnborn: {
    number: 5,
    fields: object({
      tenantId: text,
      runId: text,
      name: text,
      signalId: id,
      payload: ownPayload,
      sendTime: varint,
      expireTime: varint,
    }),
  },
  unbornTaken: { number: 6, fields: object({ tenantId: text, runId: text }) },
  runQuarantined: {
    number: 7,
    fields: object({ tenantId: text, runId: text, incarnation: id, message: text, time: varint }),
  },
  runReleased: { number: 8, fields: object({ tenantId: text, runId: text }) },
  runDeleted: { number: 9, fields: object({ tenantId: text, runId: text, incarnation: id }) },
  divergenceNoted: {
    number: 10,
    fields: object({ tenantId: text, runId: text, incarnation: id, workflow: text, version: text, build: text }),
  },
  divergenceLifted: { number: 11, fields: object({ tenantId: text, runId: text }) },
};

const kindByNumber = new Map(
  Object.entries(KINDS).map(([kind, { number }]) => [number, kind as PartitionEvent['kind']]),
);

/** Writes an event: kind, length, fields. */
export function encodePartitionEvent(writer: ByteWriter, event: PartitionEvent): void {
  const { number, fields } = KINDS[event.kind] as { number: number; fields: Codec<object> };
  writeByte(writer, number);
  const body = createByteWriter(128);
  fields.write(body, event);
  writeBytes(writer, writtenBytes(body));
}

/**
 * Reads an event. Fields that a newer release added are left out. Nothing of it is a view.
 *
 * @throws LogError UNKNOWN_KIND, which leaves the reader behind the event; TRUNCATED or MALFORMED.
 */
export function decodePartitionEvent(reader: ByteReader): PartitionEvent {
  const number = readByte(reader);
  const size = readVarint(reader);
  const start = take(reader, size);
  const next = reader.position;
  const { end } = reader;
  const kind = kindByNumber.get(number);
  if (kind === undefined) throw new LogError('UNKNOWN_KIND', `partition events of kind ${number} are not known`);
  reader.position = start;
  reader.end = next;
  try {
    return { kind, ...(KINDS[kind].fields as Codec<object>).read(reader) } as PartitionEvent;
  } finally {
    reader.position = next;
    reader.end = end;
  }
}
