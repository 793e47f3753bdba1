import { attemptOf } from '../model/open-node.ts';
import { ROOT, type Run } from '../model/run.ts';
import { append, type Draft } from './draft.ts';

/** Offers the function of a run to workers, as this attempt. */
export function scheduleFunction(run: Run, draft: Draft, attempt: number, notBeforeTime: number | undefined): void {
  append(draft, {
    kind: 'taskScheduled',
    nodePath: ROOT,
    attempt,
    input: undefined,
    queue: run.queue,
    priority: run.priority,
    tags: run.tags,
    notBeforeTime,
  });
}

/**
 * Offers a function that is parked, because something came that its code has to hear of. One that is offered, held or
 * leased already will find it in its log; one that diverged waits for another build whatever comes.
 */
export function rouseFunction(run: Run, draft: Draft): void {
  const node = run.nodes.get(ROOT);
  if (node === undefined || node.item !== undefined || run.divergence !== undefined) return;
  scheduleFunction(run, draft, attemptOf(node), undefined);
}
