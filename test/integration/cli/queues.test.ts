import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServedState, serveState } from './served-state.ts';

let served: ServedState;

beforeAll(async () => {
  served = await serveState();
}, 60_000);

afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
});

const TIMEOUT = { timeout: 60_000 };

/** The one line that a command prints as JSON. */
async function answerOf(args: readonly string[]): Promise<Record<string, Record<string, unknown>>> {
  const { code, lines } = await served.millrace.json(args);
  expect({ args, code }).toEqual({ args, code: 0 });
  return lines[0] as Record<string, Record<string, unknown>>;
}

/** The fence of a claimed item, as it was printed. */
function fenceOf(claimed: Record<string, unknown>): string {
  const { item } = claimed as { readonly item: { readonly lease: { readonly fence: string } } };
  return item.lease.fence;
}

test('an item is put into a queue, claimed, renewed and completed', TIMEOUT, async () => {
  const { millrace } = served;
  const payload = ['--payload', '{"to":"ann@example.com"}'];
  expect(await millrace.run(['queue', 'enqueue', 'mail-1', '--queue', 'mail', ...payload])).toEqual({
    code: 0,
    stdout: 'put mail-1 into queue mail\n',
    stderr: '',
  });
  expect(await millrace.run(['queue', 'enqueue', 'mail-1', '--queue', 'mail'])).toMatchObject({
    stdout: 'mail-1 is READY, attempt 1 of 3: it was there before\n',
  });
  expect(await millrace.run(['queue', 'claim', '--worker', 'w-1'])).toEqual({
    code: 0,
    stdout: '',
    stderr: 'no item\n',
  });
  const claimed = await answerOf(['queue', 'claim', '--worker', 'w-1', '--queues', 'mail,other', '--ttl', '60s']);
  expect(claimed['item']).toMatchObject({
    itemId: 'mail-1',
    attempt: 1,
    payload: { value: { to: 'ann@example.com' } },
  });
  const hold = ['mail-1', '--worker', 'w-1', '--fence', fenceOf(claimed)];
  expect(await millrace.run(['queue', 'renew', ...hold, '--ttl', '5m'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^w-1 has mail-1 until /),
  });
  expect(await millrace.run(['queue', 'complete', ...hold, '--output', '"sent"'])).toEqual({
    code: 0,
    stdout: 'completed mail-1\n',
    stderr: '',
  });
  expect(await millrace.run(['queue', 'complete', 'mail-1', '--worker', 'w-2', '--fence', '1'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: LEASE_LOST: /),
  });
});

test('what fails for good is a dead letter, which is shown, put back, moved and removed', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['queue', 'enqueue', 'bad', '--queue', 'bad', '--max-attempts', '1', '--payload', '[1]']);
  const claim = ['queue', 'claim', '--worker', 'w-1', '--queues', 'bad'];
  const hold = ['bad', '--worker', 'w-1', '--fence', fenceOf(await answerOf(claim))];
  const failed = await answerOf(['queue', 'fail', ...hold, '--type', 'Refused', '--message', 'no such address']);
  const { deadLetterId } = failed as unknown as { readonly deadLetterId: string };
  const listed = await millrace.run(['dead-letter', 'list', '--queue', 'bad']);
  expect(listed.stdout).toContain(deadLetterId);
  expect(listed.stdout).toMatch(/bad +- +bad +EXHAUSTED +1 /);
  expect(listed.stdout).toContain('Refused: no such address');
  const { stdout } = await millrace.run(['dead-letter', 'show', deadLetterId]);
  expect(stdout).toMatch(/^dead letter +/);
  expect(stdout).toContain('1 by w-1');
  expect(await answerOf(['dead-letter', 'show', deadLetterId])).toMatchObject({
    deadLetter: { reason: 'EXHAUSTED', item: { payload: { value: [1] } }, attempts: [{ workerId: 'w-1' }] },
  });
  expect(await millrace.run(['dead-letter', 'requeue', deadLetterId])).toEqual({
    code: 0,
    stdout: 'bad is READY, attempt 1 of 1\n',
    stderr: '',
  });
  expect(await millrace.run(['dead-letter', 'requeue', deadLetterId])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: DEAD_LETTER_NOT_FOUND: /),
  });
  expect(await millrace.run(['dead-letter', 'move', 'bad', '--message', 'enough'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^bad is the dead letter /),
  });
  expect(await millrace.run(['dead-letter', 'purge', '--queue', 'bad'])).toMatchObject({ code: 2 });
  expect(await millrace.run(['dead-letter', 'purge'])).toMatchObject({ code: 2 });
  expect(await millrace.run(['dead-letter', 'purge', '--queue', 'bad', '--yes'])).toEqual({
    code: 0,
    stdout: 'removed 1 dead letter\n',
    stderr: '',
  });
  expect(await millrace.run(['dead-letter', 'list'])).toMatchObject({ code: 0, stdout: '' });
});

test('an operator releases what somebody holds for ever, and what is over is reclaimed', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['queue', 'enqueue', 'held', '--queue', 'held']);
  await answerOf(['queue', 'claim', '--worker', 'w-1', '--queues', 'held', '--no-expiry']);
  expect(await millrace.run(['queue', 'release', 'held', '--reason', 'it hangs'])).toEqual({
    code: 0,
    stdout: 'released held, which w-1 had\n',
    stderr: '',
  });
  expect(await millrace.run(['queue', 'release', 'held'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: LEASE_NOT_FOUND: /),
  });
  const again = await answerOf(['queue', 'claim', '--worker', 'w-2', '--queues', 'held', '--wait', '5s']);
  expect(again['item']).toMatchObject({ itemId: 'held', attempt: 1 });
  expect(await answerOf(['queue', 'reclaim', '--queues', 'held'])).toEqual({
    retryable: [],
    exhausted: [],
    more: false,
  });
});

test('a claim and its item outlive a restart', TIMEOUT, async () => {
  const { millrace } = served;
  await millrace.run(['queue', 'enqueue', 'kept', '--queue', 'kept', '--max-attempts', '1']);
  const claim = ['queue', 'claim', '--worker', 'w-1', '--queues', 'kept', '--ttl', '10m', '--request-id', 'kept-1'];
  const first = await answerOf(claim);
  await served.restart();
  expect(await answerOf(claim)).toEqual(first);
  const hold = ['kept', '--worker', 'w-1', '--fence', fenceOf(first)];
  expect(await millrace.run(['queue', 'complete', ...hold])).toMatchObject({ code: 0, stdout: 'completed kept\n' });
});
