import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { closingReporter } from './test/reporter.ts';

const servers = './test/servers/global-setup.ts';
const tools = './test/tools/global-setup.ts';
/** Each of these folders is a project of its own; all other tests are units. */
const special = ['integration', 'interop', 'fault'].map((folder) => `test/${folder}/**/*.test.ts`);

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', closingReporter()],
    // Tests wait more than they compute, so that two cores have work for three files.
    maxWorkers: 3,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'libs/**/*.test.ts',
            'services/**/*.test.ts',
            'cli/**/*.test.ts',
            'docs/**/*.test.ts',
            'test/**/*.test.ts',
          ],
          exclude: special,
          // Properties compute for a second; on a machine with other work that is several.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // What a door does has nothing to do with the store behind it, and here everything takes longest.
          env: { TEST_DOORS: process.env['TEST_DOORS'] ?? 'grpc' },
          globalSetup: [servers, tools],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          globalSetup: [tools],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'fault',
          include: ['test/fault/**/*.test.ts'],
          globalSetup: [servers],
          testTimeout: 600_000,
          hookTimeout: 60_000,
          // One at a time: these look at time, and a busy neighbour would be one more fault.
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});

export default config;
