import { join } from 'node:path';
import { test } from 'vitest';
import { createTestFolder, type ServiceProcess, startProgram } from '#test/service-process.ts';
import { startExample } from './example-process.ts';

/** What an example writes in its midst, and at its end. */
interface Script {
  readonly name: string;
  readonly midst: RegExp;
  readonly end: RegExp;
  /** What must not be written twice although the example is run twice: it was recorded before the crash. */
  readonly once: RegExp;
}

const SCRIPTS: readonly Script[] = [
  {
    name: 'order',
    midst: /reserved scarf/,
    end: /order-1: \{ tracking: 'track-1' \}[^]*refunded 2[^]*order-2: FAILED .*NonRetryableError\]?: there are no unicorns/,
    once: /charged 4200/g,
  },
  {
    name: 'approval',
    midst: /expense 7 of 12000 cents is reminded/,
    end: /approval-7: \{ by: 'nobody', isApproved: false \}[^]*approval-8: \{ by: 'ann', isApproved: true \}/,
    once: /expense 7 of 12000 cents is asked/g,
  },
  {
    name: 'fan-out',
    midst: /300 resized/,
    end: /album-1: 990 resized to \d+ bytes, 10 failed/,
    once: /100 resized/g,
  },
  { name: 'polling', midst: /GET call 3/, end: /export-1: \{ rows: 1234, looks: \d+ \}/, once: /POST call 1\b/g },
  {
    name: 'nightly-report',
    midst: /night 2: 3 customers, sales 1200/,
    end: /night 3: 3 customers, sales 1200[^]*nightly: 3 reports sent/,
    once: /night 1:/g,
  },
];

// Each waits for the lease of its killed worker: at once they take as long as one.
test.concurrent.for(SCRIPTS)(
  'the example $name goes on where it was after kill -9, of itself and of the state service',
  { timeout: 120_000 },
  async ({ name, midst, end, once }, { expect }) => {
    using folder = createTestFolder();
    const serve = (listen: string): Promise<ServiceProcess> => {
      const store = { MILLRACE_STORE: `sqlite:${join(folder.path, 'store')}` };
      return startProgram('state', { folder: folder.path, env: { ...store, MILLRACE_STATE_GRPC_LISTEN: listen } });
    };
    const killed = await serve('127.0.0.1:0');
    const address = killed.grpc['state'] ?? '';
    await using first = startExample(name, address);
    await first.wrote(midst);
    await first.kill();
    await using second = startExample(name, address);
    killed.signal('SIGKILL');
    await killed.ended;
    await using _state = await serve(address);
    expect(await second.ended(), second.output()).toBe(0);
    expect(first.output() + second.output()).toMatch(end);
    expect((first.output() + second.output()).match(once)).toHaveLength(1);
  },
);
