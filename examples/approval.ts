// An expense that somebody has to approve: who does not answer in time is reminded, then the manager is asked.
// Run it with a state service at localhost:7400: node examples/approval.ts [address]. Kill it anywhere and run it again.
import { Client, type Signal, signal, Worker, type Workflow, workflow } from 'millrace';

interface Expense {
  readonly id: string;
  readonly cents: number;
  readonly timeoutMs: number;
}

interface Decision {
  readonly by: string;
  readonly isApproved: boolean;
}

export const decision: Signal<Decision> = signal('decision');

function mail(to: string, text: string): void {
  console.log(`mail to ${to}: ${text}`);
}

export const approval: Workflow<Expense, Decision> = workflow(
  'approval',
  async (ctx, { id, cents, timeoutMs }) => {
    await ctx.attributes({ cents, stage: 'asked' });
    for (const [stage, to] of [
      ['asked', 'lead'],
      ['reminded', 'lead'],
      ['escalated', 'manager'],
    ] as const) {
      await ctx.attributes({ stage });
      await ctx.step(`mail ${stage}`, () => mail(to, `expense ${id} of ${cents} cents is ${stage}`));
      const answer = await ctx.waitFor(decision, { timeoutMs });
      if (answer !== undefined) return answer;
    }
    return { by: 'nobody', isApproved: false };
  },
  { signals: [decision] },
);

if (import.meta.main) {
  const address = process.argv[2] ?? 'localhost:7400';
  await using worker = new Worker({ address, workflows: [approval] });
  await worker.start();
  await using client = new Client({ address });
  const expense = { id: '7', cents: 12_000, timeoutMs: 1_000 };
  const forgotten = await client.start(approval, expense, { runId: 'approval-7', onConflict: 'USE_EXISTING' });
  console.log('approval-7:', await forgotten.result());
  const urgent = { id: '8', cents: 500, timeoutMs: 86_400_000 };
  const run = await client.start(approval, urgent, { runId: 'approval-8', onConflict: 'USE_EXISTING' });
  // The same id is taken once, however often this is run.
  await run.send(decision, { by: 'ann', isApproved: true }, { signalId: 'ann-8' });
  console.log('approval-8:', await run.result());
}
