import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MOVE_ON_MS } from '#libs/engine/model/client-tasks.ts';
import { atTask, clientCalls, opaque } from '#test/contract/state/client-calls.ts';
import { DOORS, ROOT, serveState } from '#test/contract/state/serve-state.ts';
import { createMemoryStateHome } from '#test/contract/state/state-homes.ts';

test('a runtime that dies between a result and the next position leaves a task that is offered again', async () => {
  const [door] = DOORS;
  if (door === undefined) throw new TypeError('there is no door');
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await createMemoryStateHome());
  const served = stack.use(await serveState(stack.use(await home.openState())));
  const { tenantId, start, held, find, save, snapshots } = await clientCalls(door, served);
  await start('r', { firstTask: { taskId: 'a' } });
  const { fence } = await held('r');
  await snapshots.saveTaskResult({ tenantId, runId: 'r', taskId: 'a', fence, output: opaque('1') }, ROOT);
  expect(await find()).toEqual([]);
  await sleep(MOVE_ON_MS - 5_000);
  expect(await find()).toEqual([]);
  await sleep(6_000);
  expect(await find()).toMatchObject([{ taskId: 'a', attempt: 1, hasResult: true }]);
  const again = await held('r');
  await save('r', { fence: again.fence, taskId: 'a', position: atTask('b') });
  expect(await find()).toMatchObject([{ taskId: 'b', hasResult: false }]);
}, 60_000);
