import { filePath, text } from '#libs/config/text-types.ts';
import { Worker } from '#libs/sdk/millrace.ts';
import { STATE_OPTIONS } from '../calls/state-connection.ts';
import { type Command, defineCommand } from '../command.ts';
import { readConnection } from '../connection.ts';
import { divergenceText } from '../text/divergence-text.ts';
import { loadWorkflows } from './load-workflows.ts';
import { createTroubleNotes } from './trouble-notes.ts';
import { WORKER_OPTIONS } from './worker-options.ts';

/** Who wants to know how the worker is doing. */
export interface WorkerObserver {
  /** The module, or a file that it imports. */
  readonly onFile: (file: string) => void;
  /** The server has welcomed it. */
  readonly onReady: () => void;
}

/** `millrace worker run`: a worker of the workflows of a module. */
export const RUN_WORKER_COMMAND: Command = createRunWorkerCommand({
  onFile: () => undefined,
  onReady: () => undefined,
});

/** The same, with somebody who hears of it. */
export function createRunWorkerCommand({ onFile, onReady }: WorkerObserver): Command {
  return defineCommand({
    name: 'worker run',
    summary: 'run a worker of every workflow that a module exports',
    notes:
      'It works until Ctrl-C or SIGTERM, then takes no new work, ends or hands back what it holds, and exits with 0; a\n' +
      'second Ctrl-C ends it at once, and nothing that was recorded is lost. The module is JavaScript, or TypeScript as\n' +
      'Node 22.18 and later run it.',
    isOfFiles: true,
    args: { module: { type: filePath(), doc: 'the module that exports workflows', isRequired: true } },
    options: {
      ...WORKER_OPTIONS,
      id: { type: text('id'), doc: "the worker's id, unique in its tenant, by default a random one" },
      build: {
        type: text('build'),
        doc: 'names the code: another one lets runs go on that have diverged; by default that of the files',
      },
      ...STATE_OPTIONS,
    },
    async run(values, context) {
      const { module, slots, queue: queues, tags = [], grace, id: workerId, tenant } = values;
      const { out, terminal, signal } = context;
      const connection = await readConnection(values, context.env);
      const { workflows, build } = await loadWorkflows(module, onFile);
      await using worker = new Worker({
        ...connection,
        workflows,
        slots,
        queues,
        tags,
        build: values.build ?? build,
        ...(workerId === undefined ? {} : { workerId }),
        ...(tenant === undefined ? {} : { tenantId: tenant }),
        onTrouble: createTroubleNotes(terminal),
        onDiverged: (diverged) => out.print({ json: { diverged }, text: divergenceText(diverged) }),
      });
      const announced = workflows.map(({ name, version }) => ({ workflow: name, version }));
      out.print({
        json: { announced, queues, tags },
        text: `announces ${announced.map((one) => `${one.workflow} ${one.version}`).join(', ')}`,
      });
      const asked = whenAborted(signal);
      const isReady = await Promise.race([worker.start().then(() => true), asked.then(() => false)]);
      if (isReady) {
        out.print({
          json: { ready: { address: connection.address, slots } },
          text: `ready at ${connection.address}: ${slots} slots for queue ${queues.join(', ')}`,
        });
        onReady();
        await asked;
        terminal.note(`draining: ${worker.taken} of ${slots} slots in use`);
        await worker.stop(grace);
      }
      return { json: { drained: true }, text: 'drained' };
    },
  });
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
