import type { ShapeGroup } from './shape-group.ts';
import { type Missing, maybeMissing, type Wanted } from './worker-shape.ts';

/** Why no worker gets an item. */
export type Blocker =
  /** No worker that is here may have it: none serves its queue, else none of those its definition, else the tags. */
  | { readonly reason: 'NO_WORKER'; readonly missing: Exclude<Missing, 'tenant'> }
  /** Those that may have it are busy. */
  | { readonly reason: 'NO_CREDIT' };

/** What keeps an item from a worker; `undefined` when one that may have it has a credit. */
export function maybeBlocker(groups: Iterable<ShapeGroup>, wanted: Wanted): Blocker | undefined {
  let isMatched = false;
  let missing: Exclude<Missing, 'tenant'> = 'queue';
  for (const { shape, first } of groups) {
    const lack = maybeMissing(shape, wanted);
    if (lack === undefined) {
      if (first !== undefined) return undefined;
      isMatched = true;
    } else if (lack === 'tags' || (lack === 'definition' && missing === 'queue')) {
      missing = lack;
    }
  }
  return isMatched ? { reason: 'NO_CREDIT' } : { reason: 'NO_WORKER', missing };
}
