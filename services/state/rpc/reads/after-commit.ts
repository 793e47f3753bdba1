import { setTimeout as sleep } from 'node:timers/promises';
import type { StateContext } from '../context.ts';
import { type CommitMark, parseCommitToken } from '../runs/commit-token.ts';
import { invalidField } from '../wire/invalid-field.ts';
import { untilDurable } from './until-durable.ts';

/** How often the checkpoint of a partition is read that another node serves. */
const CHECK_EVERY_MS = 50;

/**
 * Waits until lists show the change that a commit token names. Empty: not at all.
 *
 * @throws INVALID_FIELDS for a text that is no token of this store, UNAVAILABLE when the partition is lost meanwhile, and
 * the signal's reason.
 */
export async function untilListed(context: StateContext, token: string, signal: AbortSignal): Promise<void> {
  if (token === '') return;
  const mark = parseCommitToken(token);
  const { node, store } = context;
  if (mark.partition >= store.meta.partitions) {
    throw invalidField('after_commit', 'must be a commit token of an earlier answer');
  }
  const partition = node.served().find((served) => served.partition === mark.partition);
  if (partition === undefined) {
    await untilCheckpoint(context, mark, signal);
    return;
  }
  const { line } = partition;
  if (mark.position > line.durablePosition) await untilDurable(partition);
  // A change that changed nothing names a position that may never come.
  await node.materialised(mark.partition, Math.min(mark.position, line.durablePosition), signal);
}

/** What lists show of a partition that another node serves is known once its round has ended. */
async function untilCheckpoint(
  { store }: StateContext,
  { partition, position }: CommitMark,
  signal: AbortSignal,
): Promise<void> {
  const wanted = Math.min(position, await store.journal.lastPosition(partition));
  for (;;) {
    const checkpoint = await store.tables.readCheckpoint(partition);
    if ((checkpoint?.position ?? 0) >= wanted) return;
    await sleep(CHECK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
