import { expectTypeOf, test } from 'vitest';
import {
  type Client,
  type RunHandle,
  type Signal,
  signal,
  type Workflow,
  type WorkflowContext,
  workflow,
} from './millrace.ts';

interface Order {
  readonly id: string;
  readonly total: number;
}

const approved = signal<{ readonly by: string }>('approved');
const poke = signal('poke');
const pick = workflow('pick', async (_ctx, sku: string) => sku.length);
const sweep = workflow('sweep', async () => 'done');
const order = workflow('order', async (ctx, { id, total }: Order) => {
  const payment = await ctx.step('charge', async () => ({ id, cents: total * 100 }));
  const answer = await ctx.waitFor(approved, { timeoutMs: 1 });
  return { payment, by: answer?.by };
});

/** Never called: that it compiles, and what does not, is the test. */
async function uses(client: Client, ctx: WorkflowContext, handle: RunHandle): Promise<void> {
  const run = await client.start(order, { id: '1', total: 2 });
  expectTypeOf(await run.result()).toEqualTypeOf<{ payment: { id: string; cents: number }; by: string | undefined }>();
  expectTypeOf(await ctx.child(pick, 'sku')).toEqualTypeOf<number>();
  expectTypeOf(await ctx.all(['a'], (c, sku) => c.child(pick, sku))).toEqualTypeOf<number[]>();
  expectTypeOf(await ctx.race([async () => 1, async (c) => c.waitFor(approved)])).toEqualTypeOf<
    number | { readonly by: string } | undefined
  >();
  expectTypeOf(await (await ctx.child(pick, 'sku', { mode: 'detach' })).result()).toEqualTypeOf<number>();
  expectTypeOf(await client.execute(sweep)).toEqualTypeOf<string>();
  expectTypeOf(await client.execute('sweep', { any: 'thing' })).toEqualTypeOf<unknown>();
  await handle.send(approved, { by: 'ann' });
  await handle.send(poke);

  // @ts-expect-error a field of the input is missing
  await client.start(order, { id: '1' });
  // @ts-expect-error a field of the input has another type
  await client.start(order, { id: 1, total: 2 });
  // @ts-expect-error there must be an input
  await client.start(order);
  // @ts-expect-error a signal carries something else
  await handle.send(approved, { by: 1 });
  // @ts-expect-error a signal must carry something
  await handle.send(approved);
  // @ts-expect-error a child has another input
  await ctx.child(pick, 7);
  // @ts-expect-error a child has another result
  const length: string = await ctx.child(pick, 'sku');
  // @ts-expect-error a step has another result
  const text: string = await ctx.step('count', () => 1);
  // @ts-expect-error a signal that does not come in time is undefined
  const by: string = (await ctx.waitFor(approved)).by;
  // @ts-expect-error an output has no such field
  expectTypeOf((await run.result()).total);
  expectTypeOf([length, text, by]).toEqualTypeOf<string[]>();
}

test('types flow from a workflow to its client, children, signals and results', () => {
  expectTypeOf(order).toEqualTypeOf<
    Workflow<Order, { payment: { id: string; cents: number }; by: string | undefined }>
  >();
  expectTypeOf(approved).toEqualTypeOf<Signal<{ readonly by: string }>>();
  expectTypeOf(uses).returns.toEqualTypeOf<Promise<void>>();
});
