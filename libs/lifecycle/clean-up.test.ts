import { expect, test } from 'vitest';
import { CleanUp } from './clean-up.ts';

test('undoes everything once, the newest first, and waits for each', async () => {
  const undone: string[] = [];
  const stack = new CleanUp();
  const plain = stack.use({ [Symbol.dispose]: () => undone.push('plain') });
  stack.use({
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
      undone.push('async');
    },
  });
  stack.defer(() => undone.push('deferred'));
  expect(Symbol.dispose in plain).toBe(true);
  await stack.disposeAsync();
  await stack.disposeAsync();
  expect(undone).toEqual(['deferred', 'async', 'plain']);
});

test('a failure keeps nothing from being undone, and the first one is told', async () => {
  const undone: string[] = [];
  const stack = new CleanUp();
  stack.defer(() => undone.push('first'));
  stack.defer(() => {
    throw new RangeError('second');
  });
  stack.defer(() => {
    throw new RangeError('third');
  });
  await expect(stack.disposeAsync()).rejects.toThrow('third');
  expect(undone).toEqual(['first']);
});
