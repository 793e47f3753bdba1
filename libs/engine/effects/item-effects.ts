import type { EventOf } from '../events/event.ts';
import { isHeldBack } from '../model/client-tasks.ts';
import type { Lease } from '../model/lease.ts';
import { type OpenItem, scheduledItem } from '../model/open-node.ts';
import { ROOT, type Run } from '../model/run.ts';
import type { Effect, Notice } from './effect.ts';

/**
 * Follows the items of a run through the events of one commit, from how they were before it, and writes down what that
 * means for ready lists and workers. An item is in a ready list exactly while it is open, not leased, and its run is not
 * held back.
 */
export interface ItemEffects {
  schedule(event: EventOf<'taskScheduled'>): void;
  lease(event: EventOf<'taskLeased'>): void;
  /** The attempts of a node count anew. */
  forgive(nodePath: string): void;
  /** Nobody is to have the item of a node any more. */
  withdraw(nodePath: string): void;
  /** The worker ended its hold, or somebody else did. */
  settle(nodePath: string, byWorker: boolean): void;
  /** An attempt failed, by its worker's word or not. */
  fail(nodePath: string, byWorker: boolean): void;
  pause(): void;
  resume(): void;
  endAll(): void;
  /** Tells every worker that has an item. */
  tell(notice: Notice): void;
  /** Who has the function now. */
  rootLease(): Lease | undefined;
}

/** Follows the items of `run` and adds to `effects`. */
export function createItemEffects(run: Run, effects: Effect[]): ItemEffects {
  return new FollowedItems(run, effects);
}

/** A node that this commit touches; the others are as the run has them. */
interface Touched {
  readonly path: string;
  item: OpenItem | undefined;
  failedWorkerId: string;
}

/** From how many touched nodes on they are looked up in a map: most commits touch one or two. */
const MANY_TOUCHED = 8;

/** An object of a class, because every commit that is not a mere step makes one. */
class FollowedItems implements ItemEffects {
  readonly #run: Run;
  readonly #effects: Effect[];
  readonly #touched: Touched[] = [];
  /** The same by path, once there are so many that looking through them takes long. */
  #byPath: Map<string, Touched> | undefined;
  #isHeld: boolean;

  constructor(run: Run, effects: Effect[]) {
    this.#run = run;
    this.#effects = effects;
    this.#isHeld = isHeldBack(run);
  }

  schedule(event: EventOf<'taskScheduled'>): void {
    const replaced = this.#itemAt(event.nodePath);
    if (replaced !== undefined) this.#end(replaced, false);
    const item = scheduledItem(event);
    this.#touch(event.nodePath, item);
    if (!this.#isHeld) this.#queue(event.nodePath, item);
  }

  lease({ nodePath, lease, sequence }: EventOf<'taskLeased'>): void {
    const item = this.#itemAt(nodePath);
    if (item === undefined) return;
    if (item.lease === undefined) this.#takeOut(item);
    this.#effects.push({ kind: 'hold', nodePath, lease });
    const { itemSequence, scheduleTime, notBeforeTime, queue, priority, tags, attempt } = item;
    this.#touch(nodePath, {
      itemSequence,
      scheduleTime,
      notBeforeTime,
      queue,
      priority,
      tags,
      attempt,
      lease,
      leasedSequence: sequence,
    });
  }

  forgive(nodePath: string): void {
    this.#touch(nodePath, this.#itemAt(nodePath), '');
  }

  withdraw(nodePath: string): void {
    const item = this.#itemAt(nodePath);
    if (item !== undefined) this.#end(item, false);
    this.#touch(nodePath, undefined);
  }

  settle(nodePath: string, byWorker: boolean): void {
    const item = this.#itemAt(nodePath);
    if (item !== undefined) this.#end(item, byWorker);
    this.#touch(nodePath, undefined);
  }

  fail(nodePath: string, byWorker: boolean): void {
    const item = this.#itemAt(nodePath);
    if (item !== undefined) this.#end(item, byWorker);
    this.#touch(nodePath, undefined, item?.lease?.workerId ?? '');
  }

  pause(): void {
    if (this.#isHeld) return;
    for (const { item } of this.#openItems()) {
      if (item.lease === undefined) this.#effects.push({ kind: 'withdraw', itemSequence: item.itemSequence });
    }
    this.#isHeld = true;
  }

  resume(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    for (const { path, item } of this.#openItems()) if (item.lease === undefined) this.#queue(path, item);
  }

  endAll(): void {
    for (const { path, item } of this.#openItems()) {
      this.#end(item, false);
      this.#touch(path, undefined);
    }
  }

  tell(notice: Notice): void {
    for (const { item } of this.#openItems()) {
      if (item.lease !== undefined) this.#effects.push({ kind: 'tell', lease: item.lease, notice });
    }
  }

  rootLease(): Lease | undefined {
    return this.#itemAt(ROOT)?.lease;
  }

  #maybeTouched(path: string): Touched | undefined {
    if (this.#byPath !== undefined) return this.#byPath.get(path);
    for (const touched of this.#touched) if (touched.path === path) return touched;
    return undefined;
  }

  #itemAt(path: string): OpenItem | undefined {
    const touched = this.#maybeTouched(path);
    return touched === undefined ? this.#run.nodes.get(path)?.item : touched.item;
  }

  #touch(path: string, item: OpenItem | undefined, failedWorkerId?: string): void {
    const touched = this.#maybeTouched(path);
    if (touched === undefined) {
      const before = this.#run.nodes.get(path)?.failedWorkerId ?? '';
      this.#add({ path, item, failedWorkerId: failedWorkerId ?? before });
      return;
    }
    touched.item = item;
    if (failedWorkerId !== undefined) touched.failedWorkerId = failedWorkerId;
  }

  #add(touched: Touched): void {
    this.#touched.push(touched);
    this.#byPath?.set(touched.path, touched);
    if (this.#byPath !== undefined || this.#touched.length < MANY_TOUCHED) return;
    this.#byPath = new Map(this.#touched.map((each) => [each.path, each]));
  }

  #openItems(): readonly { readonly path: string; readonly item: OpenItem }[] {
    const open: { readonly path: string; readonly item: OpenItem }[] = [];
    for (const { path, item } of this.#run.nodes.values()) {
      if (item !== undefined && this.#maybeTouched(path) === undefined) open.push({ path, item });
    }
    for (const { path, item } of this.#touched) if (item !== undefined) open.push({ path, item });
    return open;
  }

  #queue(nodePath: string, item: OpenItem): void {
    const { itemSequence, attempt, queue, priority, tags, scheduleTime, notBeforeTime } = item;
    const failedWorkerId =
      this.#maybeTouched(nodePath)?.failedWorkerId ?? this.#run.nodes.get(nodePath)?.failedWorkerId ?? '';
    this.#effects.push({
      kind: 'queue',
      item: { itemSequence, nodePath, attempt, queue, priority, tags, scheduleTime, notBeforeTime, failedWorkerId },
    });
  }

  /** Takes an item out of its list. One that this commit has just put there was never offered. */
  #takeOut({ itemSequence }: OpenItem): void {
    const last = this.#effects.at(-1);
    if (last?.kind === 'queue' && last.item.itemSequence === itemSequence) this.#effects.pop();
    else this.#effects.push({ kind: 'withdraw', itemSequence });
  }

  /** Ends an item: out of its list, or out of the hands of its worker. */
  #end(item: OpenItem, byWorker: boolean): void {
    if (item.lease !== undefined) this.#effects.push({ kind: byWorker ? 'free' : 'revoke', lease: item.lease });
    else if (!this.#isHeld) this.#effects.push({ kind: 'withdraw', itemSequence: item.itemSequence });
  }
}
