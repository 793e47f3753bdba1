import { emptyMap, emptySet } from './open-map.ts';
import type { OpenNode } from './open-node.ts';

/** Where a CLIENT run stands, as its runtime says. What is to be done is derived from it. */
export type Position =
  | { readonly kind: 'task'; readonly taskId: string }
  | { readonly kind: 'fork'; readonly openTasks: readonly string[] }
  | { readonly kind: 'join'; readonly taskId: string; readonly doneTasks: readonly string[] }
  /** `nextTask` empty: none, the runtime ends the run. */
  | { readonly kind: 'delay'; readonly untilTime: number; readonly nextTask: string }
  | {
      readonly kind: 'signal';
      readonly name: string;
      /** Absent: it is waited for however long it takes. */
      readonly untilTime: number | undefined;
      readonly nextTask: string;
    }
  | { readonly kind: 'loop'; readonly taskId: string; readonly iteration: number };

/** How a task of a CLIENT run is offered. */
export interface TaskHint {
  readonly taskId: string;
  /** Absent: the run's. */
  readonly priority: number | undefined;
  readonly tags: readonly string[];
}

/** A snapshot that a runtime saved. Its payload stays in the log. */
export interface SavedSnapshot {
  /** 1, 2, 3, … */
  readonly version: number;
  /** The place in the log of the record that holds it. */
  readonly place: number;
}

/** What is known of a work item of a CLIENT run, or of a free one. */
export interface ItemFacts {
  readonly itemId: string;
  /** The node or task that it is for. Empty: none. */
  readonly nodeId: string;
  /** The place of the record that enqueued it, with its payload. */
  readonly enqueuedPlace: number;
  readonly createTime: number;
  readonly maxAttempts: number;
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
}

/** Why a node's item is a dead letter. */
export type DeadReason = 'EXHAUSTED' | 'EXPIRED' | 'MOVED' | 'POISON';

/** A node whose item nobody tries any more. */
export interface DeadNode {
  readonly deadLetterId: string;
  readonly reason: DeadReason;
  readonly time: number;
  /** The place of the record, with the failure. */
  readonly place: number;
  /** The attempt that was the last. */
  readonly attempt: number;
}

/** What only CLIENT runs have: the fold of what their runtime saved, as places in the log and never as payloads. */
export interface ClientState {
  /** How many system records there are: with the events they give every entry of the log its place. */
  records: number;
  /** The last `MAX_SNAPSHOTS` snapshots, the oldest first. */
  snapshots: readonly SavedSnapshot[];
  position: Position | undefined;
  hints: ReadonlyMap<string, TaskHint>;
  /** Tags of tasks that have no hint. */
  taskTags: readonly string[];
  /** The signal that the position waits for came since the run stands there, consumed or not. */
  isSignalled: boolean;
  /** Since when tasks of the position have a result that came while the run stood there: they are done, the last one last. */
  done: ReadonlyMap<string, number>;
  /** Where the result of each task is, by task. */
  results: ReadonlyMap<string, number>;
  /** How often the state document was changed. */
  stateVersion: number;
  /** Where the document is, and the patches since. Empty: it is `{}`. */
  statePlaces: readonly number[];
  /** Work items by node path: open ones, and the last ones that were settled. */
  items: ReadonlyMap<string, ItemFacts>;
  /** Dead letters by node path. */
  dead: ReadonlyMap<string, DeadNode>;
  /**
   * The last `MAX_SETTLED_NODES` nodes that have no item and are no dead letters, the one that was settled longest ago
   * first. It stands in their order in the run, so that a snapshot need not hold it.
   */
  settled: ReadonlySet<string>;
  /** The nodes whose item somebody holds: few of many. A snapshot need not hold it either. */
  held: ReadonlyMap<string, OpenNode>;
}

/** How many versions of its snapshot a CLIENT run keeps. */
export const MAX_SNAPSHOTS: number = 10;
/** How often a task or an item is tried where nobody says otherwise. */
export const MAX_ATTEMPTS: number = 3;
/** How many work items of one run are open, or dead, at most. */
export const MAX_OPEN_ITEMS: number = 10_000;
/** How many nodes that were settled a run remembers, so that a settle that is repeated is known. */
export const MAX_SETTLED_NODES: number = 1_000;

/** What a CLIENT run has at first. */
export function createClientState(): ClientState {
  return {
    records: 0,
    snapshots: [],
    position: undefined,
    hints: emptyMap(),
    taskTags: [],
    isSignalled: false,
    done: emptyMap(),
    results: emptyMap(),
    stateVersion: 0,
    statePlaces: [],
    items: emptyMap(),
    dead: emptyMap(),
    settled: emptySet(),
    held: emptyMap(),
  };
}
