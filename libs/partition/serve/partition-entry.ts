import { createByteWriter, writeByte, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { ENTRY_KIND } from '../runs/run-entry.ts';
import type { PartitionEvent } from '../state/partition-event.ts';
import { encodePartitionEvent } from '../state/partition-event-codec.ts';

/** An entry of the journal with no event: it makes a position, and nothing else. */
export const EMPTY_ENTRY: Uint8Array = Uint8Array.of(ENTRY_KIND.partition);

/** The entry of one event that happened to the partition outside any visit. */
export function partitionEntry(event: PartitionEvent): Uint8Array {
  const writer = createByteWriter(256);
  writeByte(writer, ENTRY_KIND.partition);
  encodePartitionEvent(writer, event);
  return writtenBytes(writer);
}
