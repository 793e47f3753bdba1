import { once } from 'node:events';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createRunSession } from '#libs/run-session/run-session.ts';
import { startStateProcess, startWorkerProcess } from '../hot-path/processes.ts';

/** What a step costs at two places of one run, in milliseconds. */
export interface LongRun {
  readonly earlyMs: number;
  readonly lateMs: number;
}

/** Runs one run of so many steps, one after the other, and tells what a step took around two of them. */
export async function measureLongRun(store: string, early: number, late: number): Promise<LongRun> {
  await using state = await startStateProcess(store);
  await using worker = await startWorkerProcess(state.address, late, { longWindows: [early, late] });
  const channel = createChannel({ address: state.address });
  const session = createRunSession({ channel });
  const timed = once(worker.child, 'message');
  await session.start({ workflow: 'bench-long', runId: 'long' }, { wait: true, brief: true }).ended;
  const [message] = (await timed) as [{ readonly value: readonly number[] }];
  await session[Symbol.asyncDispose]();
  await channel[Symbol.asyncDispose]();
  const [earlyMs = Number.NaN, lateMs = Number.NaN] = message.value;
  return { earlyMs, lateMs };
}
