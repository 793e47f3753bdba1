// A report every night: a child for each customer, then one mail. It sleeps in between and holds nothing while it does.
// Run it with a state service at localhost:7400: node examples/nightly-report.ts [address]. Kill it and run it again.
import { ChildError, Client, Worker, type Workflow, workflow } from 'millrace';

interface Nights {
  readonly nights: number;
  /** A day, but for tests. */
  readonly everyMs: number;
}

const CUSTOMERS = ['acme', 'bolt', 'crux', 'dune'];

export const customerReport: Workflow<string, { customer: string; sales: number }> = workflow(
  'customer-report',
  async (ctx, customer) => {
    const sales = await ctx.step(
      'sum up',
      () => {
        console.log(`summing up ${customer}`);
        if (customer === 'crux') throw new RangeError('crux has no books');
        return customer.length * 100;
      },
      { retry: { maxAttempts: 2, initialIntervalMs: 50 } },
    );
    await ctx.sleep(50);
    return { customer, sales };
  },
);

export const nightlyReport: Workflow<Nights, number> = workflow('nightly-report', async (ctx, { nights, everyMs }) => {
  let next = await ctx.now();
  let sent = 0;
  for (let night = 1; night <= nights; night += 1) {
    next = new Date(next.getTime() + everyMs);
    await ctx.sleepUntil(next);
    const customers = await ctx.step('customers', () => CUSTOMERS);
    const reports = await ctx.all(
      customers,
      async (branch, customer) => {
        try {
          return await branch.child(customerReport, customer);
        } catch (error) {
          if (!(error instanceof ChildError)) throw error;
          branch.log.warn(`no report of ${customer}`, error.message);
          return undefined;
        }
      },
      { concurrency: 2 },
    );
    const good = reports.filter((report) => report !== undefined);
    const total = good.reduce((sum, { sales }) => sum + sales, 0);
    await ctx.step('mail', () => console.log(`night ${night}: ${good.length} customers, sales ${total}`));
    await ctx.set('lastNight', night);
    sent += 1;
  }
  return sent;
});

if (import.meta.main) {
  const address = process.argv[2] ?? 'localhost:7400';
  await using worker = new Worker({ address, workflows: [nightlyReport, customerReport] });
  await worker.start();
  await using client = new Client({ address });
  const input = { nights: 3, everyMs: 700 };
  const run = await client.start(nightlyReport, input, { runId: 'nightly', onConflict: 'USE_EXISTING' });
  console.log(`nightly: ${await run.result()} reports sent`);
}
