import { maybeLoadPastRun } from '#libs/partition/rows/load-run.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';

/**
 * Looks at an incarnation, the newest where none is named, whether it is in memory or was replaced and is in the tables.
 * `look` makes the answer of what is in memory at that moment; it is told once all of that is durable. [journal.md 10]
 *
 * @throws RUN_NOT_FOUND, UNAVAILABLE.
 */
export async function lookAt<T extends object>(
  { node, history }: StateContext,
  key: RunKey,
  incarnation: string,
  look: (hot: HotRun) => T,
): Promise<T> {
  const found = await ask(node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot }) => {
      const wanted =
        incarnation === '' || hot?.identity.incarnation === incarnation
          ? hot
          : hot?.replaced.find(({ identity }) => identity.incarnation === incarnation);
      return wanted === undefined ? undefined : look(wanted);
    },
  });
  if (found !== undefined) return found;
  const past =
    incarnation === '' ? undefined : await maybeLoadPastRun(history.tables, history.readRules, { ...key, incarnation });
  if (past === undefined) throw runNotFound(key, incarnation);
  return look(past);
}
