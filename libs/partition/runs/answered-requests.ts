import type { HotRun } from './hot-run.ts';

/** Requests that a run remembers while it is in memory; beyond that the tables are asked. */
const MAX_REMEMBERED = 1_000;

type Answers = Pick<HotRun, 'knowsAnswers' | 'answered'>;

/** Whether a request to a run may have been answered before: not when the run remembers all of them and this one is new. */
export function mayBeAnswered(hot: Answers | undefined, rpc: string, requestId: string): boolean {
  if (hot === undefined || !hot.knowsAnswers) return true;
  return hot.answered?.has(nameOf(rpc, requestId)) === true;
}

/** Remembers that a request to a run was answered. */
export function noteAnswered(hot: Answers, rpc: string, requestId: string): void {
  if (!hot.knowsAnswers) return;
  hot.answered ??= new Set();
  hot.answered.add(nameOf(rpc, requestId));
  if (hot.answered.size <= MAX_REMEMBERED) return;
  hot.knowsAnswers = false;
  hot.answered = undefined;
}

function nameOf(rpc: string, requestId: string): string {
  return `${rpc} ${requestId}`;
}
