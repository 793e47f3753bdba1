import { setTimeout as pause } from 'node:timers/promises';
import { Client, signal } from '#libs/sdk/millrace.ts';
import { answerTo, type BenchProcess, startBenchProcess, startStateProcess } from '../hot-path/processes.ts';

const YIELD_MS = 100;

/**
 * Milliseconds that a fresh worker takes for the recorded steps of a run that waits for a signal: from its assignment,
 * which is when the function is called, to the end of the log, all of which it gets from the state service.
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
  await run.send(signal('go'));
  const [tookMs] = await Promise.all([replayed, run.result()]);
  return tookMs as number;
}
