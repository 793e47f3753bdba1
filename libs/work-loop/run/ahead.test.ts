import { expect, test } from 'vitest';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { recordsOf } from '../testing/test-run.ts';
import { startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';

test('the end of a function leaves with its last record', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => await ctx.step('a', () => text('done')));
  await untilEnded(run);
  expect(run.status).toBe('completed');
  expect(textOf(run.output)).toBe('done');
  expect(recordsOf(run)).toEqual(['a#0 stepRecorded']);
  const [last] = server.dispatch.requests.filter(({ steps }) => steps.length > 0);
  expect(last?.complete).toHaveLength(1);
});

test('no step is begun before the one before it is durable', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let refusals = 0;
  server.dispatch.refuse = (_run, ordinal) => {
    if (ordinal !== 1 || refusals === 5) return undefined;
    refusals += 1;
    return ErrorReason.UNAVAILABLE;
  };
  const refusalsWhenRun: number[] = [];
  await using _worker = quickWorker(server, async (ctx) => {
    await ctx.step('a', () => undefined);
    await ctx.step('b', () => {
      refusalsWhenRun.push(refusals);
      return undefined;
    });
    return undefined;
  });
  await untilEnded(run);
  expect(run.status).toBe('completed');
  expect(refusalsWhenRun).toEqual([5]);
});

test('a function that awaits two things is given nothing that is not durable', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let isRefused = true;
  server.dispatch.refuse = () => (isRefused ? ErrorReason.UNAVAILABLE : undefined);
  const given: string[] = [];
  await using _worker = quickWorker(server, async (ctx) => {
    const one = async (name: string): Promise<void> => {
      await ctx.step(name, () => undefined);
      given.push(name);
    };
    await Promise.all([one('a'), one('b')]);
    return undefined;
  });
  await until(() => server.dispatch.requests.some(({ steps }) => steps.length > 0));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(given).toEqual([]);
  isRefused = false;
  await untilEnded(run);
  expect(given).toEqual(['a', 'b']);
});

test('a cancel that comes before the record of what was given ahead is told where the log has it', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  let isRefused = true;
  server.dispatch.refuse = () => (isRefused ? ErrorReason.UNAVAILABLE : undefined);
  let runs = 0;
  let given = 0;
  await using _worker = quickWorker(server, async (ctx) => {
    runs += 1;
    try {
      await ctx.step('a', () => undefined);
      given += 1;
      await ctx.step('b', () => undefined);
    } catch (error) {
      await ctx.step('refund', () => undefined);
      throw error;
    }
    return undefined;
  });
  await until(() => given === 1);
  server.dispatch.cancel(run);
  await new Promise((resolve) => setTimeout(resolve, 20));
  isRefused = false;
  await untilEnded(run);
  expect(run.status).toBe('cancelled');
  expect(runs).toBe(2);
  // What the first attempt was given ahead is in the log after the cancel, which a replay tells the function first.
  expect(recordsOf(run)).toContain('refund#0 stepRecorded');
  expect(recordsOf(run)).not.toContain('b#0 stepRecorded');
});

test('a worker that gives nothing ahead ends a function after its last record is durable', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  await using _worker = quickWorker(server, async (ctx) => await ctx.step('a', () => text('done')), {
    givesAhead: false,
  });
  await untilEnded(run);
  const [last] = server.dispatch.requests.filter(({ steps }) => steps.length > 0);
  expect(last?.complete).toEqual([]);
});
