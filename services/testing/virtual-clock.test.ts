import { expect, test } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';

const nobody = (): void => undefined;

test('timers end in the order of their times when the hands are turned, and those that are called off do not', () => {
  const ended: string[] = [];
  let noted = 0;
  const clock = createVirtualClock(1_000, () => {
    noted += 1;
  });
  clock.worker.setTimer(300, () => ended.push('worker 300'));
  clock.server.setTimer(200, () => ended.push(`server 200 at ${clock.now()}`));
  clock.worker.setTimer(900, () => ended.push('worker 900'));
  const callOff = clock.server.setTimer(100, () => ended.push('never'));
  callOff();
  expect(clock.nextTimer()).toBe(1_300);
  const monotonic = clock.server.monotonic();
  clock.turnTo(1_500, () => ended.push('turned'));
  expect(ended).toEqual(['turned', 'server 200 at 1500', 'worker 300']);
  expect(noted).toBe(2);
  expect(clock.server.monotonic() - monotonic).toBe(500);
  clock.turnTo(1_200, nobody);
  expect(clock.now()).toBe(1_500);
  clock.close();
  clock.turnTo(9_000, nobody);
  expect(ended).toHaveLength(3);
  expect(clock.nextTimer()).toBe(Number.POSITIVE_INFINITY);
});

test('timers of the server end by real time too, those of the worker do not, and what is due at once ends at once', async () => {
  const ended: string[] = [];
  const clock = createVirtualClock(0, nobody);
  clock.worker.setTimer(1, () => ended.push('worker'));
  clock.worker.setTimer(0, () => ended.push('worker at once'));
  await new Promise<void>((resolve) => {
    clock.server.setTimer(5, resolve);
  });
  expect(ended).toEqual(['worker at once']);
  expect(clock.now()).toBe(0);
  clock.close();
});
