import { createByteReader, readByte } from '#libs/engine/log/byte-reader.ts';
import { createByteWriter, writeByte, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { list, object, varint } from '#libs/engine/log/codec.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { PartitionEvent } from './partition-event.ts';
import { decodePartitionEvent, encodePartitionEvent } from './partition-event-codec.ts';
import { createPartitionState, evolvePartition, outboxTo, type PartitionState } from './partition-state.ts';

/** The format that is written. Newer ones are refused by name. */
const FORMAT = 1;

const mark = object<{ readonly partition: number; readonly number: number }>({ partition: varint, number: varint });
const event = { write: encodePartitionEvent, read: decodePartitionEvent };

const checkpoint = object<{
  readonly time: number;
  readonly nextNumbers: readonly { readonly partition: number; readonly number: number }[];
  readonly applied: readonly { readonly partition: number; readonly number: number }[];
  readonly open: readonly PartitionEvent[];
}>({ time: varint, nextNumbers: list(mark), applied: list(mark), open: list(event) });

/** Packs a state. Messages and answers are not in it: they have rows. */
export function encodeCheckpoint(state: PartitionState): Uint8Array {
  const writer = createByteWriter(256);
  writeByte(writer, FORMAT);
  checkpoint.write(writer, {
    time: state.time,
    nextNumbers: Array.from(state.outboxes, ([partition, { nextNumber }]) => ({ partition, number: nextNumber })),
    applied: Array.from(state.applied, ([partition, number]) => ({ partition, number })),
    open: [
      ...[...state.unborn.values()].flat(),
      ...state.quarantined.values(),
      ...state.deletions.values(),
      ...state.diverged.values(),
    ],
  });
  return writtenBytes(writer).slice();
}

/**
 * Reads what `encodeCheckpoint` packed. Nothing of it is a view.
 *
 * @throws LogError UNKNOWN_VERSION, TRUNCATED or MALFORMED for anything else, and what its events cannot lead to.
 */
export function decodeCheckpoint(bytes: Uint8Array): PartitionState {
  const reader = createByteReader(bytes);
  const format = readByte(reader);
  if (format !== FORMAT) throw new LogError('UNKNOWN_VERSION', `checkpoints of format ${format} are not known`);
  const { time, nextNumbers, applied, open } = checkpoint.read(reader);
  if (reader.position !== reader.end)
    throw new LogError('MALFORMED', `${reader.end - reader.position} bytes follow a checkpoint`);
  const state = createPartitionState();
  state.time = time;
  for (const { partition, number } of nextNumbers) outboxTo(state, partition).nextNumber = number;
  for (const { partition, number } of applied) state.applied.set(partition, number);
  for (const one of open) evolvePartition(state, one);
  return state;
}
