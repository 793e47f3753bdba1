import { NonRetryableError, type Signal, signal, type Workflow, workflow } from '#libs/sdk/millrace.ts';

/** An order as callers send it. */
export interface Order {
  readonly id: string;
  readonly skus: readonly string[];
  readonly total: number;
}

/** What they get. */
export interface Receipt {
  readonly payment: { readonly id: string; readonly total: number };
  readonly picked: readonly string[];
}

/** What the outside world saw. */
export interface World {
  readonly charged: string[];
  readonly refunded: string[];
}

/** Somebody says yes. */
export const approved: Signal<{ readonly by: string }> = signal('approved');

/** Above this somebody has to say yes. */
const APPROVED_ABOVE = 1_000;

/** The workflows of the tests over a world. */
export function flowsOf(world: World): {
  readonly pick: Workflow<string, string>;
  readonly order: Workflow<Order, Receipt>;
} {
  const pick = workflow('pick', async (ctx, sku: string) => ctx.step('reserve', () => `picked ${sku}`));
  const order = workflow('order', async (ctx, { id, skus, total }: Order) => {
    const payment = await ctx.step('charge', (step) => {
      world.charged.push(step.idempotencyKey);
      return { id, total };
    });
    try {
      if (total > APPROVED_ABOVE) {
        const answer = await ctx.waitFor(approved, { timeoutMs: 60_000 });
        if (answer === undefined) throw new NonRetryableError('not approved in time');
        await ctx.set('approvedBy', answer.by);
      }
      const picked = await ctx.all(skus, (c, sku) => c.child(pick, sku), { concurrency: 2 });
      return { payment, picked };
    } catch (error) {
      await ctx.step('refund', () => {
        world.refunded.push(id);
      });
      throw error;
    }
  });
  return { pick, order };
}
