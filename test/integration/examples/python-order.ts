import { join } from 'node:path';
import { createMillrace, type Millrace } from '#test/integration/cli/millrace-process.ts';
import { createTestFolder, type ServiceProcess, startProgram } from '#test/service-process.ts';
import { type ExampleProcess, startExampleAs } from './example-process.ts';

/** So short that what a killed worker held is soon offered again. */
const TTL_S = '1';

/** A state service, and the example `python/order.py` against it. Disposing ends the service. */
export interface PythonOrders extends AsyncDisposable {
  readonly millrace: Millrace;
  /** Starts a worker. */
  work(): ExampleProcess;
  /** Starts an order. */
  start(id: string, ...options: readonly string[]): Promise<void>;
  /** What `millrace run get` says of one. */
  get(id: string): Promise<Record<string, unknown>>;
  /** The output of a task, which anybody may read at any time. */
  resultOf(runId: string, taskId: string): Promise<unknown>;
  /** Kills the service, and starts it again where it was. */
  crash(): Promise<void>;
}

/** Serves the example. Its stubs are in a folder; the store is SQLite unless another is named. */
export async function servePythonOrders(python: string, stubs: string, store?: string): Promise<PythonOrders> {
  const stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(createTestFolder());
  const env = { MILLRACE_STORE: store ?? `sqlite:${join(folder, 'store')}` };
  let state: ServiceProcess = await startProgram('state', { folder, env });
  stack.defer(() => state[Symbol.asyncDispose]());
  const address = state.grpc['state'] ?? '';
  const millrace = createMillrace(address);
  const example = (...args: readonly string[]): ExampleProcess =>
    startExampleAs({
      program: python,
      file: 'python/order.py',
      args: ['--address', address, ...args],
      env: { PYTHONPATH: stubs, PYTHONDONTWRITEBYTECODE: '1' },
    });
  return {
    millrace,
    work: () => example('--work', '--ttl', TTL_S),
    async start(id, ...options) {
      await using starter = example('--start', id, ...options);
      if ((await starter.ended()) !== 0) throw new TypeError(`the order was not started: ${starter.output()}`);
    },
    async get(id) {
      const { lines } = await millrace.json(['run', 'get', id]);
      return lines[0]?.['run'] as Record<string, unknown>;
    },
    async resultOf(runId, taskId) {
      const url = `${state.http['state']}/millrace.state.v1.SnapshotService/LoadTaskResult`;
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ runId, taskId }) });
      const { output } = (await answer.json()) as { readonly output: { readonly json: string } };
      return JSON.parse(output.json) as unknown;
    },
    async crash() {
      state.signal('SIGKILL');
      await state.ended;
      state = await startProgram('state', { folder, env: { ...env, MILLRACE_STATE_GRPC_LISTEN: address } });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
