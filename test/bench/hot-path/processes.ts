import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { serviceEnv } from '#test/env.ts';
import type { ClientOrder, ClientResult } from './client-process.ts';

/** A process of the benchmark, which tells how much CPU it has used. */
export interface BenchProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** CPU seconds since its start. */
  cpuSeconds(): Promise<number>;
}

/** The state service, where it is reached. */
export interface StateProcess extends BenchProcess {
  readonly address: string;
  /** Where it is reached by HTTP. */
  readonly http: string;
}

/** The load. */
export interface ClientProcess extends BenchProcess {
  measure(order: ClientOrder): Promise<ClientResult>;
}

const READY_TIMEOUT_MS = 60_000;

/** Starts the state service on a store. */
export async function startStateProcess(
  store: string,
  env: Readonly<Record<string, string>> = {},
): Promise<StateProcess> {
  const child = fork(fileURLToPath(new URL('./state-process.ts', import.meta.url)), [], {
    env: serviceEnv({
      MILLRACE_STORE: store,
      MILLRACE_STATE_GRPC_LISTEN: '127.0.0.1:0',
      MILLRACE_STATE_HTTP_LISTEN: '127.0.0.1:0',
      MILLRACE_LOG_FORMAT: 'json',
      ...env,
    }),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  return { ...benchProcess(child), ...(await addressesOf(child)) };
}

async function addressesOf(child: ChildProcess): Promise<Pick<StateProcess, 'address' | 'http'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Pick<StateProcess, 'address' | 'http'>>();
  const timer = setTimeout(() => reject(new Error('the state service was not ready in time')), READY_TIMEOUT_MS);
  child.once('exit', (code) => reject(new Error(`the state service ended with ${code}`)));
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as Partial<Record<'msg' | 'level' | 'grpc' | 'http', string>>;
      const { grpc, http } = entry;
      if (entry.msg === 'ready' && grpc !== undefined && http !== undefined) resolve({ address: grpc, http });
      else if (entry.level === 'error' || entry.level === 'fatal') process.stderr.write(`${line}\n`);
    });
  }
  return await promise.finally(() => clearTimeout(timer));
}

/** How a worker is started. */
export interface WorkerSetting {
  /** Default 1 000. */
  readonly slots?: number;
  /** A run that waits for longer gives its slot back. Default 5 000. */
  readonly yieldMs?: number;
  /** Steps around which `bench-long` tells what a step takes. Default: none. */
  readonly longWindows?: readonly number[];
}

/** Starts a worker that runs `bench`, a function of so many steps, and the other functions of the benchmarks. */
export async function startWorkerProcess(
  address: string,
  steps: number,
  { slots = 1_000, yieldMs = 5_000, longWindows = [] }: WorkerSetting = {},
): Promise<BenchProcess> {
  const settings = [address, steps, slots, yieldMs, longWindows.join(',')];
  return startBenchProcess(new URL('./worker-process.ts', import.meta.url), settings, 'the worker');
}

/** Starts the client. */
export async function startClientProcess(address: string): Promise<ClientProcess> {
  const client = await startBenchProcess(new URL('./client-process.ts', import.meta.url), [address], 'the client');
  return {
    ...client,
    measure: async (order) => {
      client.child.send({ kind: 'measure', order });
      return (await answerTo(client.child, 'result')) as ClientResult;
    },
  };
}

/** Starts a process of a benchmark, which says when it is ready. */
export async function startBenchProcess(
  file: URL,
  settings: readonly (string | number)[],
  name: string,
): Promise<BenchProcess> {
  const child = fork(fileURLToPath(file), settings.map(String), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await ready(child, name);
  return benchProcess(child);
}

async function ready(child: ChildProcess, name: string): Promise<void> {
  const failed = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`${name} ended with ${String(code)}`);
  });
  failed.catch(() => undefined);
  await Promise.race([answerTo(child, 'ready'), failed]);
}

/** The next message of a kind. */
export function answerTo(child: ChildProcess, kind: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`the process ended instead of telling its ${kind}`));
    const onMessage = (message: { readonly kind: string; readonly value?: unknown }): void => {
      if (message.kind !== kind) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(message.value);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}

function benchProcess(child: ChildProcess): BenchProcess {
  return {
    child,
    cpuSeconds: async () => {
      child.send({ kind: 'cpu' });
      const { user, system } = (await answerTo(child, 'cpu')) as NodeJS.CpuUsage;
      return (user + system) / 1e6;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    },
  };
}
