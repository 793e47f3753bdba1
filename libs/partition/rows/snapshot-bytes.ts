import { createByteWriter, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { writeSnapshot } from '#libs/engine/log/snapshot-codec.ts';
import type { Run } from '#libs/engine/model/run.ts';
import { clientSnapshotOf } from '#libs/engine/snapshot/client-snapshot.ts';
import type { RunSnapshot } from '#libs/engine/snapshot/snapshot.ts';

/** Room for snapshots that a head carries; one that grew beyond it is not kept. */
const ROOM_BYTES: number = 64 * 1024;

let room = createByteWriter(ROOM_BYTES);

/**
 * The snapshot of a run as bytes, as a view that is good until the next one is made. They are what
 * `encodeSnapshot(snapshotOf(run))` gives, without the copies of what is open: nothing happens to the run while it is
 * written.
 */
export function snapshotBytes(run: Run): Uint8Array {
  const { attributes, stateKeys, nodes, waits, children, openSteps, signals, client } = run;
  const view: RunSnapshot = {
    scalars: run,
    attributes: listOf(attributes),
    stateKeys: listOf(stateKeys),
    nodes: listOf(nodes.values(), nodes.size),
    waits: listOf(waits.values(), waits.size),
    children: listOf(children.values(), children.size),
    openSteps: listOf(openSteps.values(), openSteps.size),
    signalsReceived: signals.received,
    signals: listOf(signals.byName).map(([name, buffered]) => ({ name, signals: buffered })),
    signalIds: listOf(signals.ids),
    client: client === undefined ? undefined : clientSnapshotOf(client),
  };
  if (room.bytes.length > ROOM_BYTES) room = createByteWriter(ROOM_BYTES);
  room.length = 0;
  writeSnapshot(room, view);
  return writtenBytes(room);
}

const NOTHING: readonly never[] = [];

/** Nearly everything of nearly every run is empty. */
function listOf<T>(values: Iterable<T> & { readonly size?: number }, size: number = values.size ?? 0): readonly T[] {
  return size === 0 ? NOTHING : [...values];
}
