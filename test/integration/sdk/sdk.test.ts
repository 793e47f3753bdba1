import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Client, RunError, signal, Worker, workflow } from '#libs/sdk/millrace.ts';
import { createTestFolder, startProgram } from '#test/service-process.ts';
import { approved, flowsOf, type Order, type World } from './order-flow.ts';

const ORDER: Order = { id: '42', skus: ['a', 'b', 'c'], total: 2_000 };
const MIB = 1024 * 1024;

function newWorld(): World {
  return { charged: [], refunded: [] };
}

/** A state service on a store of its own. */
async function serve(folder: string) {
  return startProgram('state', { folder, env: { MILLRACE_STORE: `sqlite:${join(folder, 'store')}` } });
}

describe('what people import', { timeout: 60_000 }, () => {
  test('starts, signals and awaits a workflow with steps, children and state', async () => {
    using folder = createTestFolder();
    await using state = await serve(folder.path);
    const address = state.grpc['state'] ?? '';
    const world = newWorld();
    const { order, pick } = flowsOf(world);
    await using worker = new Worker({ address, workflows: [order, pick], onLog: () => undefined });
    await worker.start();
    await using client = new Client({ address });
    const run = await client.start(order, ORDER, { runId: 'order-42', attributes: { customer: 'ann' } });
    await run.send(approved, { by: 'ann' });
    expect(await run.result()).toEqual({
      payment: { id: '42', total: 2_000 },
      picked: ['picked a', 'picked b', 'picked c'],
    });
    expect(await run.state()).toEqual({ approvedBy: 'ann' });
    expect(world).toEqual({ charged: [expect.stringContaining('/charge/0')], refunded: [] });
    const again = await client.start(order, ORDER, { runId: 'order-42', onConflict: 'USE_EXISTING' });
    expect(again.incarnation).toBe(run.incarnation);
    await expect(client.start(order, ORDER, { runId: 'order-42' })).rejects.toMatchObject({ reason: 'RUN_EXISTS' });
    await expect(client.start('unknown')).rejects.toMatchObject({ reason: 'DEFINITION_NOT_FOUND' });
    expect(await client.run(run.runId).get()).toMatchObject({ workflow: 'order', version: '1' });
  });

  test('goes on with another worker, which is given what was recorded, large results too', async () => {
    using folder = createTestFolder();
    await using state = await serve(folder.path);
    const address = state.grpc['state'] ?? '';
    const go = signal('go');
    let made = 0;
    const large = workflow('large', async (ctx, size: number) => {
      const spilled = await ctx.step('spilled', () => 'x'.repeat(200_000));
      const uploaded = await ctx.step('uploaded', () => {
        made += 1;
        return Buffer.alloc(size, 7);
      });
      await ctx.waitFor(go);
      return { spilled: spilled.length, uploaded: uploaded.length, last: uploaded.at(-1), echo: 'y'.repeat(size) };
    });
    const input = 3 * MIB;
    await using client = new Client({ address });
    const first = new Worker({ address, workflows: [large] });
    await first.start();
    const run = await client.start(large, input);
    const waitsFor = async (): Promise<unknown[]> => (await run.get()).waits.map(({ kind }) => kind.case);
    await expect.poll(waitsFor, { timeout: 10_000 }).toContain('signal');
    await first.stop(0);
    await using second = new Worker({ address, workflows: [large] });
    await second.start();
    await run.send(go);
    const { echo, ...rest } = await run.result();
    expect(rest).toEqual({ spilled: 200_000, uploaded: input, last: 7 });
    expect(echo).toHaveLength(input);
    expect(made).toBe(1);
  });

  test('what lost a race is awaited by nobody: the next wait gets the signal, and nothing is left open', async () => {
    using folder = createTestFolder();
    await using state = await serve(folder.path);
    const address = state.grpc['state'] ?? '';
    const go = signal<number>('go');
    const racing = workflow('racing', async (ctx) => {
      const given: unknown[] = [];
      for (let turn = 0; turn < 50; turn += 1) {
        given.push(await ctx.race([(c) => c.waitFor(go), (c) => c.sleep(60_000), (c) => c.step('s', () => turn)]));
      }
      return [...given, await ctx.waitFor(go)];
    });
    await using worker = new Worker({ address, workflows: [racing] });
    await worker.start();
    await using client = new Client({ address });
    const run = await client.start(racing);
    const waits = async (): Promise<unknown[]> => (await run.get()).waits.map(({ kind }) => kind.case);
    await expect.poll(waits, { timeout: 10_000 }).toEqual(['signal']);
    await run.send(go, 7);
    expect(await run.result()).toEqual([...Array.from({ length: 50 }, (_, turn) => turn), 7]);
  });

  test('a workflow that fails is a RunError with its type, cause and stack; a cancel cleans up', async () => {
    using folder = createTestFolder();
    await using state = await serve(folder.path);
    const address = state.grpc['state'] ?? '';
    const world = newWorld();
    const { order, pick } = flowsOf(world);
    const broken = workflow('broken', async (ctx) =>
      ctx.step(
        'bad',
        () => {
          throw new RangeError('outer', { cause: new TypeError('inner') });
        },
        { retry: { maxAttempts: 2, initialIntervalMs: 1 } },
      ),
    );
    await using worker = new Worker({ address, workflows: [order, pick, broken] });
    await worker.start();
    await using client = new Client({ address });
    const failed = client.execute(broken);
    await expect(failed).rejects.toThrow(RunError);
    await expect(failed).rejects.toMatchObject({
      status: 'FAILED',
      type: 'RangeError',
      cause: { name: 'RangeError', message: 'outer', cause: { name: 'TypeError', message: 'inner' } },
    });
    const run = await client.start(order, ORDER);
    await expect.poll(() => world.charged.length).toBe(1);
    await run.cancel({ reason: 'changed their mind' });
    await expect(run.result()).rejects.toMatchObject({ status: 'CANCELLED' });
    expect(world.refunded).toEqual(['42']);
  });

  test('survives the death of the state service: the worker and the caller wait and go on', async () => {
    using folder = createTestFolder();
    const world = newWorld();
    const { order, pick } = flowsOf(world);
    const first = await serve(folder.path);
    const address = first.grpc['state'] ?? '';
    await using worker = new Worker({ address, workflows: [order, pick] });
    await worker.start();
    await using client = new Client({ address });
    const run = await client.start(order, ORDER);
    await expect.poll(() => world.charged.length).toBe(1);
    first.signal('SIGKILL');
    await first.ended;
    await using _second = await startProgram('state', {
      folder: folder.path,
      env: { MILLRACE_STORE: `sqlite:${join(folder.path, 'store')}`, MILLRACE_STATE_GRPC_LISTEN: address },
    });
    await run.send(approved, { by: 'ann' });
    expect(await run.result()).toMatchObject({ picked: ['picked a', 'picked b', 'picked c'] });
    expect(world.charged).toHaveLength(1);
  });
});
