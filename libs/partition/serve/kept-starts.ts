import type { HotRun } from '../runs/hot-run.ts';
import type { RequestMark } from '../runs/start-facts.ts';
import type { RequestAnswered } from '../state/partition-event.ts';
import type { RunVisit } from './run-visit.ts';

/** The name of the RPC, a part of the scope of request ids. */
const RPC = 'StartRun';
/** How long a request id is kept, and longer where its run is. */
const KEEP_MS: number = 24 * 60 * 60 * 1000;

/** The scope of a start's request id. [journal.md 21] */
type StartScope = Pick<RequestAnswered, 'tenantId' | 'runId' | 'rpc' | 'requestId'>;

/** The scope of the request id of a start. */
export function startScope({ tenantId, runId }: RunVisit['key'], { requestId }: RequestMark): StartScope {
  return { tenantId, runId, rpc: RPC, requestId };
}

/**
 * Keeps the request of an incarnation that another one takes the place of, or that is deleted, in the record of the visit:
 * until then the run itself is what tells a repeat. Kept for a day from the start, and for as long as the incarnation is.
 *
 * @param keptUntil when the rows of the incarnation go. 0: now.
 */
export function keepStart(visit: RunVisit, { identity, start, run }: HotRun, keptUntil: number): void {
  const { request } = start;
  if (request === undefined) return;
  const expireTime = Math.max(run.createTime + KEEP_MS, keptUntil);
  if (expireTime <= visit.now) return;
  const { argumentsHash } = request;
  const reply = Buffer.from(identity.incarnation);
  visit.record({ kind: 'requestAnswered', ...startScope(visit.key, request), argumentsHash, reply, expireTime });
}

/** The incarnation that a request which was kept had started. */
export function startedIncarnation({ reply }: Pick<RequestAnswered, 'reply'>): string {
  return Buffer.from(reply).toString();
}
