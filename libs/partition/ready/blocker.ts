import type { ShapeGroup } from './shape-group.ts';
import { type Missing, maybeMissing, type Wanted } from './worker-shape.ts';

/** What the closest worker lacks. */
type Blocked = Exclude<Missing, 'tenant'>;

/** The later it is looked at, the closer a worker comes that lacks it. */
const NEARNESS: Readonly<Record<Blocked, number>> = { queue: 0, definition: 1, build: 2, tags: 3 };

/** Why no worker gets an item. */
export type Blocker =
  /** No worker that is here may have it: none serves its queue, else none of those its definition, build, or tags. */
  | { readonly reason: 'NO_WORKER'; readonly missing: Blocked }
  /** Those that may have it are busy. */
  | { readonly reason: 'NO_CREDIT' };

/** What keeps an item from a worker; `undefined` when one that may have it has a credit. */
export function maybeBlocker(groups: Iterable<ShapeGroup>, wanted: Wanted): Blocker | undefined {
  let isMatched = false;
  let missing: Blocked = 'queue';
  for (const { shape, first } of groups) {
    const lack = maybeMissing(shape, wanted);
    if (lack === undefined) {
      if (first !== undefined) return undefined;
      isMatched = true;
    } else if (lack !== 'tenant' && NEARNESS[lack] > NEARNESS[missing]) {
      missing = lack;
    }
  }
  return isMatched ? { reason: 'NO_CREDIT' } : { reason: 'NO_WORKER', missing };
}
