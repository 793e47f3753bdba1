import { keepCompiled } from '#libs/lifecycle/keep-compiled.ts';
import { followParent, tellParent } from '#libs/service/parent-process.ts';
import type { WorkerMessage } from './commands/dev/worker-process.ts';

/*
 * The worker of `millrace dev`: `millrace worker run`, which also tells the process that forked it what it imports and
 * when it is ready, and ends with it.
 */

keepCompiled(process);
followParent(process);

const [{ createCliHost }, { runCli }, { createRunWorkerCommand }] = await Promise.all([
  import('./cli-host.ts'),
  import('./run-cli.ts'),
  import('./commands/worker/run.ts'),
]);
const command = createRunWorkerCommand({
  onFile: (file) => tellParent(process, { file } satisfies WorkerMessage),
  onReady: () => tellParent(process, { isReady: true } satisfies WorkerMessage),
});
await runCli(createCliHost(process), process.env, [command]);
