import { keepCompiled } from '#libs/lifecycle/keep-compiled.ts';
import { createProcessHost } from '#libs/lifecycle/process-host.ts';
import { runService } from '#libs/service/run-service.ts';
import { readWorkerConfig, WORKER_CONFIG } from './config.ts';

keepCompiled(process);

await runService(createProcessHost(process), {
  service: 'worker',
  program: WORKER_CONFIG.program,
  readConfig: readWorkerConfig,
  logTo: 'stdout',
  async start({ config, log, parts }) {
    // Loaded only now, so that the help and refusals come at once.
    const { startWorker } = await import('./service.ts');
    const addresses = await startWorker({ config, log, process }, parts);
    log.info({ ...addresses }, 'ready');
  },
});
