import { keepCompiled } from '#libs/lifecycle/keep-compiled.ts';
import { createProcessHost } from '#libs/lifecycle/process-host.ts';
import { runService } from '#libs/service/run-service.ts';
import { REGISTRY_CONFIG, readRegistryConfig } from './config.ts';

keepCompiled(process);

await runService(createProcessHost(process), {
  service: 'registry',
  program: REGISTRY_CONFIG.program,
  readConfig: readRegistryConfig,
  logTo: 'stdout',
  async start({ config, log, ...scope }) {
    // Loaded only now, so that the help and refusals come at once.
    const { startRegistry } = await import('./service.ts');
    const addresses = await startRegistry({ config, log, process }, scope);
    log.info({ ...addresses }, 'ready');
  },
});
