import { setTimeout as pause } from 'node:timers/promises';
import { Client, signal } from '#libs/sdk/millrace.ts';
import { answerTo, type BenchProcess, startBenchProcess, startStateProcess } from '../hot-path/processes.ts';

const YIELD_MS = 100;

/**
 * Milliseconds that a fresh worker takes for the recorded steps of a run that waits for a signal: from when that is sent,
 * which leads to an assignment, to when the function has come to the end of its log, which is streamed to it.
 */
export async function measureReplay(store: string, steps: number): Promise<number> {
  await using state = await startStateProcess(store);
  await using client = new Client({ address: state.address });
  const startWorker = (): Promise<BenchProcess> => {
    return startBenchProcess(
      new URL('./worker-process.ts', import.meta.url),
      [state.address, steps, YIELD_MS],
      'worker',
    );
  };
  const recording = await startWorker();
  const recorded = answerTo(recording.child, 'stepped');
  const run = await client.start('bench-replay');
  await recorded;
  while ((await run.get()).waits.every(({ kind }) => kind.case !== 'signal')) await pause(5);
  // It gives its slot back, so that nothing is left of it but the log.
  await pause(YIELD_MS * 3);
  await recording[Symbol.asyncDispose]();
  await using replaying = await startWorker();
  const replayed = answerTo(replaying.child, 'stepped');
  const began = performance.timeOrigin + performance.now();
  await run.send(signal('go'));
  const [ended] = await Promise.all([replayed, run.result()]);
  return (ended as number) - began;
}
