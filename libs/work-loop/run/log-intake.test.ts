import { expect, test } from 'vitest';
import { quickWorker, until, untilEnded } from '../testing/quick-worker.ts';
import { startTestServer } from '../testing/test-server.ts';
import { text, textOf } from '../testing/text.ts';
import type { RunFunction } from './function-run.ts';

test('payloads that the log names are got before what comes after them is given', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const ref = {
    $typeName: 'millrace.common.v1.PayloadRef',
    sha256: new Uint8Array(32),
    size: 3n,
    uploadId: '',
  } as const;
  const order: string[] = [];
  const code: RunFunction = async (ctx) => {
    await Promise.all(
      ['a', 'b'].map(async (name) => {
        const given = await ctx.step(name, () => text(name));
        order.push(`${name} ${textOf(given)}`);
      }),
    );
    await ctx.waitSignal('go');
    return undefined;
  };
  {
    await using _worker = quickWorker(server, code);
    await until(() => run.waits.length === 1);
  }
  for (const { kind } of run.log) {
    if (kind.case === 'stepRecorded' && kind.value.step?.name === 'a' && kind.value.result !== undefined) {
      kind.value.result.value = { case: 'ref', value: ref };
    }
  }
  server.dispatch.signal(run, 'go');
  const loaded: string[] = [];
  await using _worker = quickWorker(server, code, {
    loadPayload: async (payload, { runId }) => {
      loaded.push(runId);
      await new Promise((resolve) => setTimeout(resolve, 20));
      payload.value = { case: 'data', value: Buffer.from('far') };
    },
  });
  await untilEnded(run);
  expect(order).toEqual(['a a', 'b b', 'a far', 'b b']);
  expect(loaded).toEqual(['r1']);
});

test('a payload that cannot be got gives the run back', async () => {
  await using server = await startTestServer();
  const run = server.dispatch.start('r1');
  const code: RunFunction = async (ctx) => {
    await ctx.step('a', () => text('a'));
    await ctx.waitSignal('go');
    return undefined;
  };
  {
    await using _worker = quickWorker(server, code);
    await until(() => run.waits.length === 1);
  }
  const [result] = run.log.flatMap(({ kind }) => (kind.case === 'stepRecorded' ? [kind.value.result] : []));
  if (result !== undefined) {
    const sha256 = new Uint8Array(32);
    result.value = {
      case: 'ref',
      value: { $typeName: 'millrace.common.v1.PayloadRef', sha256, size: 3n, uploadId: '' },
    };
  }
  server.dispatch.signal(run, 'go');
  let tries = 0;
  const troubles: string[] = [];
  await using _worker = quickWorker(server, code, {
    onTrouble: ({ message }) => troubles.push(message),
    loadPayload: async (payload) => {
      tries += 1;
      if (tries === 1) throw new RangeError('away');
      payload.value = { case: 'data', value: Buffer.from('a') };
    },
  });
  await untilEnded(run);
  expect(run.status).toBe('completed');
  expect(troubles).toEqual(['a payload of the run was not read']);
});
