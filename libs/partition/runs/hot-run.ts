import type { EventOf } from '#libs/engine/events/event.ts';
import type { DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { createRun, type Run, type RunIdentity } from '#libs/engine/model/run.ts';
import type { HeldLease } from '../dispatch/held-lease.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import { incarnationTime } from './incarnation.ts';
import type { RunHeartbeats } from './run-heartbeats.ts';
import type { SavedPayloads } from './saved-snapshots.ts';
import type { StartFacts } from './start-facts.ts';
import { createTail, type Tail } from './tail.ts';

/** What the rows of a run hold that are on their way to the tables. */
export interface TakenRows {
  /** The place that the segment begins with which is not full: what is before it stands in segments. */
  readonly openFrom: number;
  /** The version of the snapshot that has a row of its own. 0: none. */
  readonly snapshotRow: number;
  /** The dead letters that have a row, each with its item. */
  readonly deadRows: ReadonlyMap<string, string>;
  /** The items that have a row. */
  readonly itemRows: ReadonlySet<number>;
  /** The incarnations before this one whose past heads are written. */
  readonly replaced: readonly HotRun[];
  /** Payloads of snapshots of a CLIENT run, by version: those that have a row, and those that have none any more. */
  readonly saved: { readonly put: readonly number[]; readonly gone: readonly number[] };
}

/** The newest incarnation of a run, in memory. */
export interface HotRun {
  /** Tenant and run as one text. */
  readonly id: string;
  readonly identity: RunIdentity;
  /** What the times in the bytes of its events count from. */
  readonly baseTime: number;
  readonly run: Run;
  readonly start: StartFacts;
  readonly tail: Tail;
  /** The partition that has it in memory and decides about it. Absent: none does any more. */
  home: object | undefined;
  /** What its entries of the journal begin with. Absent: none was written yet. */
  entryName: Uint8Array | undefined;
  /** Its input, until a worker or its rows got it: what is assigned soon after the start is not read from the log. */
  freshInput: Payload | undefined;
  /** How it ended. Absent: it has not. */
  ended: EventOf<'runEnded'> | undefined;
  /** The build under which it diverged last, as far as it is known: no worker of that build gets it. Empty: none. */
  avoidedBuild: string;
  /** When it rings next. Infinity: it does not. */
  armedTime: number;
  /** The journal position of its last event. 0: it was loaded and has not changed since. */
  lastPosition: number;
  /** Whether its head was ever written. */
  hasHead: boolean;
  /** Whether its rows lack something that happened. */
  isDirty: boolean;
  /** Whether another incarnation has taken its place, which writes its rows from then on. */
  isReplaced: boolean;
  /** The versions of its snapshot that may have a row of their own. */
  snapshotRows: readonly number[];
  /** The items that may have a row, by the event that scheduled them: those of rounds that failed included. */
  itemRows: ReadonlySet<number>;
  /** The items whose row is known to stand. */
  standingItems: ReadonlySet<number>;
  /** The dead letters that may have a row, each with its item: those of rounds that failed included. */
  deadRows: ReadonlyMap<string, string>;
  /** The dead letters whose row is known to stand, or to have stood until somebody removed it. */
  standingDead: ReadonlyMap<string, string>;
  /** The rows that are on their way, or whose round failed. */
  taken: TakenRows | undefined;
  /** What workers hold of it. */
  readonly holds: HeldLease[];
  /** What they said of attempts. Absent: nothing. */
  heartbeats: RunHeartbeats | undefined;
  /** Incarnations before this one whose past heads are not written yet. */
  replaced: readonly HotRun[];
  /** Payloads that the runtime saved and the log does not keep. Absent: none. */
  saved: SavedPayloads | undefined;
  /** Whether `answered` has every request to it: it was in memory since its start, and nothing had its id before. */
  knowsAnswers: boolean;
  /** Requests that were answered. Absent: none was. */
  answered: Set<string> | undefined;
}

/** No items. */
export const NO_ITEMS: ReadonlySet<number> = new Set();

/** No dead letters. */
export const NO_DEAD_LETTERS: ReadonlyMap<string, string> = new Map();

/** A run that nothing happened to yet. */
export function createHotRun(identity: RunIdentity, rules: DefinitionRules, start: StartFacts): HotRun {
  return hotRunFrom(createRun(identity, rules), start, createTail(1));
}

/** A run as it was loaded. */
export function hotRunFrom(run: Run, start: StartFacts, tail: Tail): HotRun {
  const { identity } = run;
  return {
    id: runIdKey(identity),
    identity,
    baseTime: incarnationTime(identity.incarnation),
    run,
    start,
    tail,
    home: undefined,
    entryName: undefined,
    freshInput: undefined,
    ended: undefined,
    avoidedBuild: '',
    armedTime: Infinity,
    lastPosition: 0,
    hasHead: false,
    isDirty: false,
    isReplaced: false,
    snapshotRows: [],
    itemRows: NO_ITEMS,
    standingItems: NO_ITEMS,
    deadRows: NO_DEAD_LETTERS,
    standingDead: NO_DEAD_LETTERS,
    taken: undefined,
    holds: [],
    heartbeats: undefined,
    replaced: [],
    saved: undefined,
    knowsAnswers: false,
    answered: undefined,
  };
}

/** Puts a fresh incarnation in the place of one, whose past head it writes with its own. */
export function replaceRun(before: HotRun, fresh: HotRun): void {
  fresh.replaced = [...before.replaced, before];
  before.replaced = [];
  before.isReplaced = true;
  before.home = undefined;
}
