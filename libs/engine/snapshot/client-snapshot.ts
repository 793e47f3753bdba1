import { heldNodes, settledPaths } from '../model/client-nodes.ts';
import type { ClientState, DeadNode, ItemFacts, Position, SavedSnapshot, TaskHint } from '../model/client-state.ts';
import type { OpenNode } from '../model/open-node.ts';

/** What only CLIENT runs have, as plain values that share nothing that changes with the run. */
export interface ClientSnapshot {
  readonly records: number;
  readonly snapshots: readonly SavedSnapshot[];
  readonly position: Position | undefined;
  readonly hints: readonly TaskHint[];
  readonly taskTags: readonly string[];
  readonly done: ReadonlyArray<readonly [task: string, time: number]>;
  readonly results: ReadonlyArray<readonly [task: string, place: number]>;
  readonly stateVersion: number;
  readonly statePlaces: readonly number[];
  readonly items: ReadonlyArray<readonly [path: string, facts: ItemFacts]>;
  readonly dead: ReadonlyArray<readonly [path: string, node: DeadNode]>;
  readonly isSignalled: boolean;
}

/** The snapshot of what a CLIENT run has as it is now. */
export function clientSnapshotOf(client: ClientState): ClientSnapshot {
  const { settled: _settled, held: _held, ...state } = client;
  return {
    ...state,
    hints: [...client.hints.values()],
    done: [...client.done],
    results: [...client.results],
    items: [...client.items],
    dead: [...client.dead],
  };
}

/** What a snapshot was taken of, of a run with these nodes. */
export function clientFromSnapshot(snapshot: ClientSnapshot, nodes: ReadonlyMap<string, OpenNode>): ClientState {
  const dead = new Map(snapshot.dead);
  return {
    ...snapshot,
    hints: new Map(snapshot.hints.map((hint) => [hint.taskId, hint])),
    done: new Map(snapshot.done),
    results: new Map(snapshot.results),
    items: new Map(snapshot.items),
    dead,
    settled: settledPaths(nodes, dead),
    held: heldNodes(nodes),
  };
}
