import { keepCompiled } from '#libs/lifecycle/keep-compiled.ts';
import { createProcessHost } from '#libs/lifecycle/process-host.ts';
import { runService } from '#libs/service/run-service.ts';
import { readStateConfig, STATE_CONFIG } from './config.ts';

keepCompiled(process);

await runService(createProcessHost(process), {
  service: 'state',
  program: STATE_CONFIG.program,
  readConfig: readStateConfig,
  logTo: 'stdout',
  async start({ config, log, ...scope }) {
    // Loaded only now, so that the help and refusals come at once.
    const { startState } = await import('./service.ts');
    const addresses = await startState({ config, log, process }, scope);
    log.info({ ...addresses }, 'ready');
  },
});
