import { keepCompiled } from '#libs/lifecycle/keep-compiled.ts';
import { createProcessHost } from '#libs/lifecycle/process-host.ts';
import { followParent, type ReadyMessage, tellParent } from '#libs/service/parent-process.ts';
import { runService } from '#libs/service/run-service.ts';
import { VERSION } from '#libs/service/version.ts';
import { describeStore } from '#libs/store/opening/uri.ts';
import { DEV_CONFIG, readDevConfig } from './config.ts';
import { renderWelcome } from './welcome.ts';

const host = createProcessHost(process);
keepCompiled(process);
followParent(process);

await runService(host, {
  service: 'dev',
  program: DEV_CONFIG.program,
  readConfig: readDevConfig,
  logTo: 'stderr',
  async start({ config, createLog, ...scope }) {
    // Loaded only now, so that the help and refusals come at once.
    const { startDev } = await import('./service.ts');
    const addresses = await startDev({ config, createLog, process }, scope);
    tellParent(process, { ready: addresses } satisfies ReadyMessage);
    host.writeOut(
      renderWelcome({
        version: VERSION,
        readyMs: performance.now(),
        store: describeStore(config.store),
        isTls: config.tlsCertFile !== undefined,
        hasTokens: config.rootToken !== undefined,
        addresses,
      }),
    );
  },
  onDraining: () => host.writeOut('\nDraining.\n'),
});
