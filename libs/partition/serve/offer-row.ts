import type { Dispatch } from '../dispatch/dispatch.ts';
import type { ItemOwner } from '../dispatch/held-lease.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { ReadyEntry } from '../ready/ready-entry.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { mayOffer } from '../runs/ready-entry-of.ts';
import type { RunEffects } from './run-effects.ts';

/** What an item whose row was read is offered by. */
export interface RowOffer {
  readonly dispatch: Dispatch;
  readonly effects: Pick<RunEffects, 'isOffered' | 'noteOffered'>;
  readonly owner: ItemOwner;
  /** The run, if it is in memory: what it is now counts, not its row. */
  readonly hot: HotRun | undefined;
  readonly now: number;
  /** Rows before this one may not have been read: it waits its turn where its list goes on in the tables. */
  readonly isLater: boolean;
}

/** Offers an item whose row was read. Answers false when there is no more room for its kind. */
export function offerRow({ dispatch, effects, owner, hot, now, isLater }: RowOffer, entry: ReadyEntry): boolean {
  const id = runIdKey(entry);
  if (effects.isOffered(id, entry.itemSequence)) return true;
  if (hot !== undefined && !mayOffer(hot, entry, now)) return true;
  if (isLater && dispatch.lists.hasMore(entry)) return false;
  const refilled = dispatch.refill(entry, owner);
  if (refilled === 'spilled') return false;
  if (refilled === 'queued') effects.noteOffered(id, entry);
  else owner.leaseClaimed(entry, refilled);
  return true;
}
