import type { Environment } from '#libs/config/parse-config.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import type { ReadyMessage } from '#libs/service/parent-process.ts';
import { type Child, startChild } from './child-process.ts';
import { programFile } from './program-file.ts';

/** The three services in a process of their own. */
export interface ServicesProcess extends Child {
  /** The gRPC address of the state service. */
  readonly address: string;
}

/**
 * Starts registry, state and worker service as `npm start` does, with the settings of the environment. Answers once they
 * are ready.
 *
 * @throws StartError when they end before; they have said why.
 */
export async function startServices(env: Environment, prints: boolean, signal: AbortSignal): Promise<ServicesProcess> {
  const ready = Promise.withResolvers<string>();
  const child = startChild(programFile('services/dev/main'), {
    args: [],
    env,
    prints,
    onMessage: (message) => ready.resolve((message as ReadyMessage).ready.state.grpc),
  });
  const stop = (): void => child.stop();
  signal.addEventListener('abort', stop);
  void child.ended.then((code) =>
    ready.reject(new StartError(`the services ended with ${code} before they were ready`)),
  );
  const address = await ready.promise;
  signal.removeEventListener('abort', stop);
  return { ...child, address };
}
