// An order: charge, reserve, ship. What was done is undone, in reverse, when a later part fails or the order is cancelled.
// Run it with a state service at localhost:7400: node examples/order.ts [address]. Kill it anywhere and run it again.
import { Client, NonRetryableError, RunError, Worker, type Workflow, type WorkflowContext, workflow } from 'millrace';

interface Order {
  readonly id: string;
  readonly skus: readonly string[];
  readonly cents: number;
}

/** What the shop would call over the network. */
const shop = {
  charge: (id: string, cents: number, key: string) => console.log(`charged ${cents} for ${id} under ${key.slice(-8)}`),
  refund: (id: string) => console.log(`refunded ${id}`),
  reserve: (sku: string) => {
    if (sku === 'unicorn') throw new NonRetryableError('there are no unicorns');
    console.log(`reserved ${sku}`);
  },
  release: (sku: string) => console.log(`released ${sku}`),
  ship: (id: string) => {
    console.log(`shipped ${id}`);
    return `track-${id}`;
  },
};

/** Does what was noted, the last first. Steps in here run also while the run is being cancelled. */
async function undo(ctx: WorkflowContext, notes: readonly (readonly [string, () => void])[]): Promise<void> {
  for (const [name, code] of notes.toReversed()) await ctx.step(name, code);
}

export const order: Workflow<Order, { tracking: string }> = workflow('order', async (ctx, { id, skus, cents }) => {
  const undos: [string, () => void][] = [];
  try {
    await ctx.step('charge', ({ idempotencyKey }) => shop.charge(id, cents, idempotencyKey), {
      retry: { maxAttempts: 5, initialIntervalMs: 200 },
      timeoutMs: 10_000,
    });
    undos.push(['refund', () => shop.refund(id)]);
    for (const sku of skus) {
      await ctx.step(`reserve ${sku}`, () => shop.reserve(sku));
      undos.push([`release ${sku}`, () => shop.release(sku)]);
      await ctx.sleep(100);
    }
    return { tracking: await ctx.step('ship', () => shop.ship(id)) };
  } catch (error) {
    await undo(ctx, undos);
    throw error;
  }
});

if (import.meta.main) {
  const address = process.argv[2] ?? 'localhost:7400';
  await using worker = new Worker({ address, workflows: [order] });
  await worker.start();
  await using client = new Client({ address });
  const good = { id: '1', skus: ['hat', 'scarf', 'gloves'], cents: 4_200 };
  const first = await client.start(order, good, { runId: 'order-1', onConflict: 'USE_EXISTING' });
  console.log('order-1:', await first.result());
  const bad = { id: '2', skus: ['hat', 'unicorn'], cents: 9_900 };
  const second = await client.start(order, bad, { runId: 'order-2', onConflict: 'USE_EXISTING' });
  try {
    await second.result();
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    console.log('order-2:', error.status, error.cause);
  }
}
