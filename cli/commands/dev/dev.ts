import { resolve } from 'node:path';
import { boolean, filePath } from '#libs/config/text-types.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, type CommandContext, type CommandOptions, defineCommand, optionFromKey } from '../command.ts';
import { CLI_EXIT_CODES } from '../exit-codes.ts';
import { WORKER_OPTIONS } from '../worker/worker-options.ts';
import { createFileWatcher } from './file-watcher.ts';
import { isServed } from './find-server.ts';
import { keepWorking } from './keep-working.ts';
import { type ServicesProcess, startServices } from './services-process.ts';
import { startWorkerProcess } from './worker-process.ts';

/** Somebody waits at the terminal, and what is cut begins again. */
const GRACE_MS = 5_000;

const { address, ...OTHER_STATE_OPTIONS } = STATE_OPTIONS;

/** What the worker is told as it was given here. */
const PASSED_OPTIONS = {
  ...WORKER_OPTIONS,
  grace: { ...WORKER_OPTIONS.grace, default: GRACE_MS },
  ...OTHER_STATE_OPTIONS,
};

/** `millrace dev`: the services and a worker for whoever writes workflows. */
export const DEV_COMMAND: Command = defineCommand({
  name: 'dev',
  summary: 'serve on this machine, and run a worker of a module',
  notes:
    'Without --address it uses the state service that answers where npm start would serve; where none does, it starts the\n' +
    'three services as npm start does, with the settings of the environment. With --watch another worker takes over\n' +
    'whenever the module, or what it imports, changes: open runs go on with the new code. One that no longer does what\n' +
    'its log has is shown as a diff, and goes on once the code is mended. Ctrl-C ends the worker, then the services;\n' +
    'whatever was recorded is there the next time.',
  args: { module: { type: filePath(), doc: 'the module that exports workflows, by default none' } },
  options: {
    watch: { type: boolean(), doc: 'start another worker whenever the code changes' },
    address: {
      type: address.type,
      doc: 'the gRPC address of a state service to use',
      env: 'MILLRACE_ADDRESS',
    },
    ...PASSED_OPTIONS,
  },
  check: ({ module, watch, address: given }) => [
    ...(module === undefined && watch === true ? ['--watch: wants a module to be watched'] : []),
    ...(module === undefined && given !== undefined ? ['--address: wants a module, the service is there already'] : []),
  ],
  async run(values, context) {
    const { module, watch = false, address: given } = values;
    const { out, terminal, env } = context;
    const used = given ?? (await maybeRunning(context));
    if (used !== undefined && module === undefined) {
      throw new StartError(`a state service already answers at ${used}, and there is no module to work on`);
    }
    const services = used === undefined ? await startServices(env, !out.isJson, context.signal) : undefined;
    const state = services?.address ?? used ?? '';
    out.print({
      json: { state: { address: state, started: services !== undefined } },
      text: services === undefined ? `uses the state service at ${state}` : '',
    });
    return await withServices(services, context.signal, async (signal) => {
      if (module === undefined) return await whenAborted(signal);
      using watcher = createFileWatcher();
      const { MILLRACE_ROOT_TOKEN: rootToken } = env;
      // The services that were started with a root token let nobody in without one.
      const workerEnv = env['MILLRACE_TOKEN'] || !rootToken ? env : { ...env, MILLRACE_TOKEN: rootToken };
      watcher.add(resolve(module), Date.now());
      const args = [
        module,
        `--address=${state}`,
        ...argumentsOf(PASSED_OPTIONS, values),
        ...(out.isJson ? ['--json'] : []),
      ];
      return await keepWorking({
        start: () => {
          const startedMs = Date.now();
          return startWorkerProcess(args, workerEnv, (file) => watcher.add(file, startedMs));
        },
        nextChange: watch ? () => watcher.next() : undefined,
        signal,
        note: (line) => terminal.note(line),
      });
    });
  },
});

/** Where a state service answers that this machine runs already. */
async function maybeRunning({ env, signal }: CommandContext): Promise<string | undefined> {
  const place = env['MILLRACE_STATE_GRPC_LISTEN'] || address.default;
  return (await isServed(place, signal)) ? place : undefined;
}

/** Works until it is asked to end or the services are gone; then these end too. Answers how it went. */
async function withServices(
  services: ServicesProcess | undefined,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<{ readonly exitCode: number }> {
  const gone = new AbortController();
  void services?.ended.then((code) => gone.abort(new StartError(`the services ended with ${code}`)));
  const code = await work(AbortSignal.any([signal, gone.signal]));
  if (gone.signal.aborted && !signal.aborted) throw gone.signal.reason;
  services?.stop();
  await services?.ended;
  return { exitCode: code === 0 ? CLI_EXIT_CODES.done : CLI_EXIT_CODES.failed };
}

function argumentsOf(options: CommandOptions, values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(options).flatMap(([key, { type }]) => {
    const value = values[key];
    return value === undefined ? [] : [`${optionFromKey(key)}=${type.format(value)}`];
  });
}

function whenAborted(signal: AbortSignal): Promise<number> {
  return new Promise((done) => {
    if (signal.aborted) done(0);
    else signal.addEventListener('abort', () => done(0));
  });
}
