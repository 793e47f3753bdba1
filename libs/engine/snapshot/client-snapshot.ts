import type { ClientState, DeadNode, ItemFacts, Position, SavedSnapshot, TaskHint } from '../model/client-state.ts';

/** What only CLIENT runs have, as plain values that share nothing that changes with the run. */
export interface ClientSnapshot {
  readonly records: number;
  readonly snapshots: readonly SavedSnapshot[];
  readonly position: Position | undefined;
  readonly hints: readonly TaskHint[];
  readonly taskTags: readonly string[];
  readonly done: readonly string[];
  readonly results: ReadonlyArray<readonly [task: string, place: number]>;
  readonly stateVersion: number;
  readonly statePlaces: readonly number[];
  readonly items: ReadonlyArray<readonly [path: string, facts: ItemFacts]>;
  readonly dead: ReadonlyArray<readonly [path: string, node: DeadNode]>;
}

/** The snapshot of what a CLIENT run has as it is now. */
export function clientSnapshotOf(client: ClientState): ClientSnapshot {
  return {
    ...client,
    hints: [...client.hints.values()],
    done: [...client.done],
    results: [...client.results],
    items: [...client.items],
    dead: [...client.dead],
  };
}

/** What a snapshot was taken of. */
export function clientFromSnapshot(snapshot: ClientSnapshot): ClientState {
  return {
    ...snapshot,
    hints: new Map(snapshot.hints.map((hint) => [hint.taskId, hint])),
    done: new Set(snapshot.done),
    results: new Map(snapshot.results),
    items: new Map(snapshot.items),
    dead: new Map(snapshot.dead),
  };
}
