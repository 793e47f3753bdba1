import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceProcess, startProgram } from '#test/service-process.ts';

/** A state service that is killed and started again where it was. Disposing kills it. */
export interface StateNode extends AsyncDisposable {
  /** `host:port` of the gRPC door, the same for each start. */
  readonly address: string;
  /** Whether the process of now has not ended. */
  isUp(): boolean;
  /** Sends a signal to the process of now. */
  signal(signal: NodeJS.Signals): void;
  /** Waits for the end of the process; answers its exit code, undefined when a signal ended it. */
  ended(): Promise<number | undefined>;
  /** Kills the process and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again, on the same ports. Answers once it takes calls. */
  restart(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const LOOK_MS = 25;

/** Starts a state service on a store. `folder` is its working folder, `more` what its environment has besides. */
export async function startStateNode(
  store: string,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<StateNode> {
  let isUp = false;
  let service = await start({});
  const grpc = service.grpc['state'] ?? '';
  const http = service.http['state'] ?? '';
  const ports = {
    MILLRACE_STATE_GRPC_LISTEN: grpc,
    MILLRACE_STATE_HTTP_LISTEN: new URL(http).host,
  };

  async function start(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
    const started = await startProgram('state', { folder, env: { MILLRACE_STORE: store, ...more, ...env } });
    isUp = true;
    void started.ended.then(() => {
      isUp = false;
    });
    await untilReady(started.http['state'] ?? '');
    return started;
  }

  return {
    address: grpc,
    isUp: () => isUp,
    signal: (signal) => service.signal(signal),
    ended: async () => (await service.ended).code,
    kill: async () => {
      service.signal('SIGKILL');
      await service.ended;
    },
    restart: async () => {
      service = await start(ports);
    },
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
    },
  };
}

async function untilReady(http: string): Promise<void> {
  const until = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`${http}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > until) throw new Error(`${http} was not ready within ${READY_TIMEOUT_MS} ms`);
    await delay(LOOK_MS);
  }
}
