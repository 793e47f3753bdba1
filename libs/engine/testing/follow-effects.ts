import type { Effect, ReadyItem } from '../effects/effect.ts';
import { isHeldBack } from '../model/client-tasks.ts';
import type { Run } from '../model/run.ts';

/** What a shell holds that only follows effects: what stands in ready lists, and who has what, by item. */
export interface Told {
  readonly queued: Map<number, ReadyItem>;
  readonly leased: Map<number, bigint>;
}

/** What a shell holds at first. */
export function createTold(): Told {
  return { queued: new Map(), leased: new Map() };
}

/**
 * Follows effects.
 *
 * @throws TypeError when one queues what is queued, or takes what is not there.
 */
export function follow(told: Told, effects: readonly Effect[]): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'queue': {
        const { itemSequence } = effect.item;
        if (told.queued.has(itemSequence)) throw new TypeError(`item ${itemSequence} was queued twice`);
        told.queued.set(itemSequence, effect.item);
        break;
      }
      case 'withdraw':
        if (!told.queued.delete(effect.itemSequence)) throw new TypeError(`item ${effect.itemSequence} was not queued`);
        break;
      case 'hold':
        told.leased.set(effect.lease.itemSequence, effect.lease.fence);
        break;
      case 'free':
      case 'revoke': {
        const { itemSequence, fence } = effect.lease;
        if (told.leased.get(itemSequence) !== fence) throw new TypeError(`item ${itemSequence} was not held so`);
        told.leased.delete(itemSequence);
        break;
      }
      default:
        break;
    }
  }
}

/**
 * Compares what effects say with what the run says.
 *
 * @throws TypeError that shows both when they differ.
 */
export function assertTold(told: Told, run: Run): void {
  const [effects, fold] = [told, toldBy(run)].map(textOf);
  if (effects !== fold) throw new TypeError(`effects say ${effects}, the run says ${fold}`);
}

function textOf({ queued, leased }: Told): string {
  const items = [...queued.values()].toSorted((a, b) => a.itemSequence - b.itemSequence);
  const holds = Array.from(leased, ([itemSequence, fence]) => `${itemSequence} under ${fence}`).toSorted();
  return JSON.stringify({ items, holds }, ITEM_FIELDS);
}

const ITEM_FIELDS = [
  'items',
  'holds',
  'itemSequence',
  'nodePath',
  'attempt',
  'queue',
  'priority',
  'tags',
  'scheduleTime',
  'notBeforeTime',
  'failedWorkerId',
];

/** What the run says that a shell should hold: an item is offered exactly when nobody has it and nothing holds the run. */
function toldBy(run: Run): Told {
  const told = createTold();
  for (const { path, item, failedWorkerId } of run.nodes.values()) {
    if (item === undefined) continue;
    const { itemSequence, attempt, queue, priority, tags, scheduleTime, notBeforeTime, lease } = item;
    if (lease !== undefined) told.leased.set(itemSequence, lease.fence);
    else if (!isHeldBack(run)) {
      const ready = { itemSequence, nodePath: path, attempt, queue, priority, tags, scheduleTime, notBeforeTime };
      told.queued.set(itemSequence, { ...ready, failedWorkerId });
    }
  }
  return told;
}
