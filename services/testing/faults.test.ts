import { expect, test } from 'vitest';
import { signal, workflow } from '#libs/sdk/millrace.ts';
import { createTestEnvironment, DivergedError, replay } from './millrace-testing.ts';

const DAY_MS = 86_400_000;
const STEPS = 20;

/** A workflow of twenty steps with a wait in the middle, and how often the code of each has run. */
function countedFlow() {
  const ran: number[] = Array.from({ length: STEPS }, () => 0);
  const counted = workflow('counted', async (ctx) => {
    const given: number[] = [];
    for (let at = 0; at < STEPS; at += 1) {
      given.push(
        await ctx.step(`step-${at}`, async () => {
          ran[at] = (ran[at] ?? 0) + 1;
          return at;
        }),
      );
      if (at === STEPS / 2) await ctx.sleep(DAY_MS);
    }
    return given;
  });
  return { counted, ran, all: Array.from({ length: STEPS }, (_, at) => at) };
}

test('after a crash of the worker only the step whose result was lost runs again', async () => {
  for (const atStep of [1, 7, 20]) {
    const { counted, ran, all } = countedFlow();
    await using env = await createTestEnvironment({ workflows: [counted] });
    const killed = env.killWorker({ atStep });
    const run = await env.client.start(counted);
    await killed;
    expect(await run.result()).toEqual(all);
    expect(ran).toEqual(all.map((at) => (at === atStep - 1 ? 2 : 1)));
    const recorded = (await env.history(run)).filter(({ kind }) => kind.case === 'stepRecorded');
    expect(recorded).toHaveLength(STEPS);
  }
});

test('a worker that is killed while its run waits is followed by one that replays it', async () => {
  const { counted, ran, all } = countedFlow();
  await using env = await createTestEnvironment({ workflows: [counted], jumps: false });
  const run = await env.client.start(counted);
  await env.advance(0);
  await env.killWorker();
  env.jumps = true;
  expect(await run.result()).toEqual(all);
  expect(ran).toEqual(all.map(() => 1));
});

test('streams that are cut at any moment lose nothing, and no step runs twice', async () => {
  const { counted, ran, all } = countedFlow();
  await using env = await createTestEnvironment({ workflows: [counted] });
  let cuts = 0;
  const cutter = setInterval(() => {
    cuts += 1;
    env.cutStreams();
  }, 3);
  const runs = await Promise.all(Array.from({ length: 5 }, () => env.client.start(counted)));
  await new Promise((resolve) => setTimeout(resolve, 60));
  clearInterval(cutter);
  for (const run of runs) expect(await run.result()).toEqual(all);
  expect(cuts).toBeGreaterThan(0);
  expect(ran).toEqual(all.map(() => runs.length));
});

test('a step that runs while its stream is cut is recorded over the next one', async () => {
  const gate = Promise.withResolvers<string>();
  let ran = 0;
  const gated = workflow('gated', async (ctx) =>
    ctx.step('gate', () => {
      ran += 1;
      return gate.promise;
    }),
  );
  await using env = await createTestEnvironment({ workflows: [gated] });
  const run = await env.client.start(gated);
  await env.advance(0);
  env.cutStreams();
  gate.resolve('open');
  expect(await run.result()).toBe('open');
  expect(ran).toBe(1);
});

test('a state service that ends recovers sleeping runs from its journal', async () => {
  const { counted, ran, all } = countedFlow();
  await using env = await createTestEnvironment({ workflows: [counted], jumps: false });
  const run = await env.client.start(counted);
  await env.advance(0);
  const before = env.now.getTime();
  await env.restartState();
  // Once more, when its row has been written and the journal has nothing of it any more.
  await new Promise((resolve) => setTimeout(resolve, 150));
  await env.restartState();
  env.jumps = true;
  expect(await run.result()).toEqual(all);
  expect(ran).toEqual(all.map(() => 1));
  expect(env.now.getTime() - before).toBe(DAY_MS);
});

test('a state service that ends in the middle of a run finds its records again', async () => {
  const { counted, ran, all } = countedFlow();
  await using env = await createTestEnvironment({ workflows: [counted] });
  const runs = await Promise.all(Array.from({ length: 5 }, () => env.client.start(counted)));
  for (let round = 0; round < 3; round += 1) {
    await env.restartState();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const run of runs) expect(await run.result()).toEqual(all);
  // The worker holds what was not acknowledged, and sends it again: no code runs twice.
  expect(ran).toEqual(all.map(() => runs.length));
});

test('the log of a run in the environment is replayed on the code of today, and on code that differs is told apart', async () => {
  const approved = signal('approved');
  const before = workflow('order', async (ctx) => {
    const id = await ctx.step('charge', async () => 'p1');
    await ctx.waitFor(approved, { timeoutMs: DAY_MS });
    return id;
  });
  const after = workflow('order', async (ctx) => {
    await ctx.waitFor(approved, { timeoutMs: DAY_MS });
    return ctx.step('charge', async () => 'p1');
  });
  await using env = await createTestEnvironment({ workflows: [before] });
  const run = await env.client.start(before);
  await run.result();
  const history = await env.history(run);
  expect(await replay(history, before)).toMatchObject({ end: 'completed' });
  const error: unknown = await replay(history, after, { runId: run.runId, graceMs: 20 }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DivergedError);
  expect((error as DivergedError).message).toMatch(
    /^the log of run \S+ has step charge #0, as event \d+, but the code came to signal approved #0 at .*faults\.test\.ts:\d+:\d+$/,
  );
});

test('what is out of range is refused by its name', async () => {
  const { counted } = countedFlow();
  await using env = await createTestEnvironment({ workflows: [counted] });
  await expect(env.killWorker({ atStep: 0 })).rejects.toThrow('atStep must be 1 or more');
});
