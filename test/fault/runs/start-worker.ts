import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { serviceEnv } from '#test/env.ts';

/** A worker in a process of its own. Disposing kills it. */
export interface WorkerProcess extends AsyncDisposable {
  /** Kills the process and waits until it is gone. */
  kill(): Promise<void>;
}

const script = fileURLToPath(new URL('worker-process.ts', import.meta.url));

/** Starts a worker that keeps a diary. Answers once it is welcome. */
export async function startWorkerProcess(address: string, diaryPath: string, slots = 100): Promise<WorkerProcess> {
  const child = fork(script, [address, diaryPath, String(slots)], { env: serviceEnv() });
  const ended = once(child, 'exit');
  const isReady = await Promise.race([once(child, 'message').then(() => true), ended.then(() => false)]);
  if (!isReady) throw new Error(`a worker ended before it was ready, with ${String(child.exitCode)}`);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { kill, [Symbol.asyncDispose]: kill };
}
