import { expect, test } from 'vitest';
import { isWorkflow } from './is-workflow.ts';
import { signal } from './signal.ts';
import { workflow } from './workflow.ts';

test('what workflow() makes is a workflow, and nothing else is', () => {
  const order = workflow('order', async () => undefined);
  expect(isWorkflow(order)).toBe(true);
  for (const other of [undefined, null, 'order', order.code, signal('approved'), { ...order, code: 'text' }, []]) {
    expect(isWorkflow(other)).toBe(false);
  }
});
