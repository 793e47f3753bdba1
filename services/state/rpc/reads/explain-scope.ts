import type { Event } from '#libs/engine/events/event.ts';
import type { StateContext } from '../context.ts';
import type { ConnectedWorker } from './connected-workers.ts';
import type { RunSight } from './run-sight.ts';

/** What reasons are found in. */
export interface ExplainScope {
  readonly context: StateContext;
  readonly sight: RunSight;
  readonly nowMs: number;
  /** The workers that are connected. */
  readonly workers: readonly ConnectedWorker[];
  /** The events that hold the failures that the run waits after. */
  readonly failures: ReadonlyMap<number, Event>;
  /** How many items stand before those of a list, once it was counted for one of them: the others came with it. */
  readonly ahead: Map<string, number>;
}
