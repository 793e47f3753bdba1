import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { BusMessage } from '../bus.ts';
import { createLocalBus } from './local-bus.ts';

const signal = new AbortController().signal;

function message(subject: string, id: string): BusMessage {
  const body = new Uint8Array();
  return { subject, id, origin: { partition: 0, position: 1 }, contentType: 'application/json', body };
}

describe('the local bus', () => {
  test('tells each subscriber what matches, in order, in a later turn', async () => {
    const bus = createLocalBus({ onBug: () => {} });
    const all: string[] = [];
    const some: string[] = [];
    bus.subscribe('>', ({ id }) => void all.push(id));
    bus.subscribe('a.*', ({ id }) => void some.push(id));
    await bus.publish([message('a.b', '1'), message('c', '2'), message('a.d', '3')], signal);
    expect(all).toEqual([]);
    await nextTurn();
    expect(all).toEqual(['1', '2', '3']);
    expect(some).toEqual(['1', '3']);
  });

  test('goes on after a subscriber threw, for it and for the others', async () => {
    const bugs: unknown[] = [];
    const bus = createLocalBus({ onBug: (error) => void bugs.push(error) });
    const heard: string[] = [];
    bus.subscribe('>', ({ id }) => {
      if (id === '1') throw new RangeError('a bug');
      heard.push(id);
    });
    bus.subscribe('>', ({ id }) => void heard.push(`other ${id}`));
    await bus.publish([message('a', '1'), message('a', '2')], signal);
    await nextTurn();
    expect(heard).toEqual(['2', 'other 1', 'other 2']);
    expect(bugs).toHaveLength(1);
  });

  test('lets the oldest messages of a slow subscriber go, and says how many', async () => {
    const bus = createLocalBus({ onBug: () => {}, maxWaiting: 2 });
    const heard: string[] = [];
    const slow = bus.subscribe('>', ({ id }) => void heard.push(id));
    await bus.publish([message('a', '1'), message('a', '2'), message('a', '3')], signal);
    await nextTurn();
    expect(heard).toEqual(['2', '3']);
    expect(slow.missed).toBe(1);
  });

  test('tells nothing after a subscription or the bus was disposed of', async () => {
    const bus = createLocalBus({ onBug: () => {} });
    const heard: string[] = [];
    const first = bus.subscribe('>', ({ id }) => {
      heard.push(id);
      first[Symbol.dispose]();
    });
    bus.subscribe('b', ({ id }) => void heard.push(id));
    await bus.publish([message('a', '1'), message('a', '2'), message('b', '3')], signal);
    await bus[Symbol.asyncDispose]();
    await nextTurn();
    expect(heard).toEqual([]);
  });

  test('publishes nothing for a caller who left', async () => {
    const bus = createLocalBus({ onBug: () => {} });
    await expect(bus.publish([message('a', '1')], AbortSignal.abort(new RangeError('left')))).rejects.toThrow('left');
  });
});
