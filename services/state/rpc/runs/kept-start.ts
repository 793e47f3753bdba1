import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { RequestMark } from '#libs/partition/runs/start-facts.ts';
import { findRun } from '#libs/partition/serve/history.ts';
import { startedIncarnation, startScope } from '#libs/partition/serve/kept-starts.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { requestScope } from '#libs/partition/state/partition-state.ts';
import { unpackRequest } from '#libs/partition/state/request-row.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';

/** What a start that finds nothing of its request says it has looked at: the newest incarnation. Empty: there is none. */
export function newestOf({ hot }: Pick<RunVisit, 'hot'>): string {
  return hot?.identity.incarnation ?? '';
}

/**
 * Whether a request to start may have been answered by an incarnation that was replaced or deleted, which is looked for
 * before anything is decided. A start under an id that nothing is known of costs no look.
 */
export function mayBeKept(partition: Partition, { key, hot }: RunVisit, { requestId }: RequestMark): boolean {
  if (hot === undefined) return partition.mayHave(key);
  return hot.start.request?.requestId !== requestId;
}

/**
 * Finds the incarnation that a request had started, where another one has taken its place since. [journal.md 21]
 *
 * @throws REQUEST_ID_REUSED, and RUN_NOT_FOUND for an incarnation that is not kept any more.
 */
export async function maybeKeptStart(
  { history, store, nowMs }: Pick<StateContext, 'history' | 'store' | 'nowMs'>,
  partition: Partition,
  key: RunKey,
  request: RequestMark,
): Promise<HotRun | undefined> {
  const name = startScope(key, request);
  let kept = partition.state.requests.get(requestScope(name));
  if (kept === undefined) {
    const row = await store.tables.readRequestId(name);
    kept = row === undefined ? undefined : { kind: 'requestAnswered', ...name, ...unpackRequest(row) };
  }
  if (kept === undefined || kept.expireTime <= nowMs()) return undefined;
  if (Buffer.compare(kept.argumentsHash, request.argumentsHash) !== 0) {
    throw new DomainError('REQUEST_ID_REUSED', 'the request id was used with other arguments', {
      metadata: { request_id: request.requestId },
    });
  }
  return (await findRun(history, partition, key, startedIncarnation(kept))).hot;
}
