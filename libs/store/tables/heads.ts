import type { SlotRange } from '../slots.ts';
import type { AttributeCondition, Attributes } from './attribute.ts';
import type { IncarnationKey, RunKey } from './keys.ts';
import type { Page, PageRequest } from './page.ts';

/** What is known of a run without its events: the fields that lists ask for, and the rest as its owner packed it. */
export interface HeadRow extends IncarnationKey {
  readonly workflow: string;
  readonly version: string;
  readonly status: string;
  /** Milliseconds since 1970, as all times of rows are. */
  readonly startTime: number;
  /** Absent while the run is unfinished. */
  readonly closeTime?: number;
  /** When the run wakes by itself: its next timer, retry or time-out. One time a run, however many timers it has. */
  readonly nextWakeTime?: number;
  /** When retention removes the run. */
  readonly expireTime?: number;
  readonly attributes: Attributes;
  readonly body: Uint8Array;
}

/** Conditions that all must hold. */
export interface HeadFilter {
  /** One of these, if there are any. */
  readonly statuses?: readonly string[];
  readonly workflow?: string;
  readonly version?: string;
  readonly startedAtOrAfter?: number;
  readonly startedBefore?: number;
  readonly attributes?: readonly AttributeCondition[];
}

/** A run whose time has come, as a hint: whoever loads one checks it against the run. [journal.md 17] */
export interface DueRun extends IncarnationKey {
  readonly dueTime: number;
}

/** The newest incarnation of every run. */
export interface HeadTable {
  readHead(key: RunKey): Promise<HeadRow | undefined>;
  /** Start time descending, then run id. */
  listHeads(tenantId: string, filter: HeadFilter, page: PageRequest): Promise<Page<HeadRow>>;
  countHeads(tenantId: string, filter: HeadFilter): Promise<number>;
  /** Runs of a workflow's version that have no close time: what stands in the way of retiring it. */
  countUnfinished(tenantId: string, workflow: string, version: string, slots: SlotRange): Promise<number>;
  /** The runs of some slots that have a head, by key; after one, if one is given. Whatever their state. */
  headKeys(slots: SlotRange, limit: number, after?: RunKey): Promise<readonly RunKey[]>;
  /** Runs that wake before a time, earliest first, then by key. No lower bound: what was missed is found. */
  dueBefore(slots: SlotRange, time: number, limit: number): Promise<readonly DueRun[]>;
  /** Runs whose retention ends before a time, earliest first, then by key. */
  expiredBefore(slots: SlotRange, time: number, limit: number): Promise<readonly DueRun[]>;
}

/** An incarnation that another one replaced. It stays readable until retention. */
export interface PastHeadRow extends IncarnationKey {
  readonly expireTime: number;
  readonly body: Uint8Array;
}

/** Incarnations that were replaced. */
export interface PastHeadTable {
  readPastHead(key: IncarnationKey): Promise<PastHeadRow | undefined>;
  /** Newest first. */
  listPastHeads(key: RunKey, page: PageRequest): Promise<Page<PastHeadRow>>;
  /** Earliest first, then by key. */
  pastHeadsExpiredBefore(slots: SlotRange, time: number, limit: number): Promise<readonly DueRun[]>;
}
