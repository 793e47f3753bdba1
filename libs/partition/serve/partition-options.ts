import type { StateTables } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { CommitLine } from '../commit/commit-line.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { ReadRules } from '../rows/load-run.ts';
import type { HotRun } from '../runs/hot-run.ts';
import type { PartitionState } from '../state/partition-state.ts';
import type { Clock } from '../timers/clock.ts';
import type { RunMessage } from './message.ts';
import type { MessageEffect } from './run-effects.ts';
import type { RunVisit } from './run-visit.ts';

/** What a partition is served with, once it was recovered. */
export interface PartitionOptions {
  readonly partition: number;
  readonly line: CommitLine;
  readonly tables: StateTables;
  readonly readRules: ReadRules;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly state: PartitionState;
  /** How many runs that nothing goes on with stay in memory. */
  readonly maxIdleRuns: number;
  /** How many runs may lack a row before starts are refused. */
  readonly maxDirtyRuns: number;
  nextFence(): bigint;
  onMessage(visit: RunVisit, hot: HotRun, effect: MessageEffect): void;
  /** Sends a message to another run, in the record of the visit. */
  queueMessage(visit: RunVisit, message: RunMessage): void;
  /** A run is quarantined. */
  readonly onPoisoned: (key: RunKey, error: unknown) => void;
  /** Something happened that no row shows yet. */
  onDirty(): void;
  /** A run has ended; so many that have are not shown by rows yet. */
  onEnded(count: number): void;
  readonly onBug: (error: unknown) => void;
}
