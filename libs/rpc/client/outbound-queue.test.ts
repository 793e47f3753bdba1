import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { type OutboundCall, OutboundQueue } from './outbound-queue.ts';

const SMALL = Buffer.from([1]);

/** A call that takes a message only when it is told to. */
function slowCall() {
  const events: (Buffer | 'half-close')[] = [];
  const callbacks: (() => void)[] = [];
  const call: OutboundCall = {
    sendMessageWithContext(context, message) {
      events.push(message);
      callbacks.push(() => context.callback?.());
    },
    halfClose: () => void events.push('half-close'),
  };
  const take = (count = 1): void => {
    for (let taken = 0; taken < count; taken += 1) {
      callbacks.shift()?.();
    }
  };
  return { call, events, take };
}

/** Sends until the queue asks to wait. */
function fill(queue: OutboundQueue): { sent: number; room: Promise<void> } {
  for (let sent = 1; sent < 10_000; sent += 1) {
    const room = queue.send(SMALL);
    if (room !== undefined) {
      return { sent, room };
    }
  }
  throw new TypeError('the queue never asked to wait');
}

test('the next message goes out when the one before was taken, and the half-close is the last', () => {
  const { call, events, take } = slowCall();
  const queue = new OutboundQueue(call);
  const [first, second] = [Buffer.from('a'), Buffer.from('b')];
  void queue.send(first);
  void queue.send(second);
  queue.close();
  expect(events).toEqual([first]);
  take();
  expect(events).toEqual([first, second]);
  take();
  expect(events).toEqual([first, second, 'half-close']);
});

test('a close without messages is a half-close, once', () => {
  const { call, events } = slowCall();
  const queue = new OutboundQueue(call);
  queue.close();
  queue.close();
  expect(events).toEqual(['half-close']);
});

test('there is room again when half of the queue is out', async () => {
  const { call, take } = slowCall();
  const queue = new OutboundQueue(call);
  const { sent, room } = fill(queue);
  expect(sent).toBe(65);
  let hasRoom = false;
  void room.then(() => {
    hasRoom = true;
  });
  take(31);
  await Promise.resolve();
  expect(hasRoom).toBe(false);
  take(1);
  await room;
  expect(queue.send(SMALL)).toBeUndefined();
});

test('large messages fill the queue by their bytes', () => {
  const queue = new OutboundQueue(slowCall().call);
  const large = Buffer.alloc(600_000);
  expect(queue.send(large)).toBeUndefined();
  expect(queue.send(large)).toBeUndefined();
  expect(queue.send(large)).toBeInstanceOf(Promise);
});

test('a sender that does not wait is refused in the end', () => {
  const queue = new OutboundQueue(slowCall().call);
  let sent = 0;
  const flood = (): void => {
    for (; sent < 10_000; sent += 1) {
      void queue.send(SMALL);
    }
  };
  expect(flood).toThrow(expect.objectContaining({ reason: 'OVERLOADED' }));
  expect(sent).toBe(1_025);
});

test('the end of the stream drops what is queued, lets waiting senders go and is told to later ones', async () => {
  const { call, events, take } = slowCall();
  const queue = new OutboundQueue(call);
  const { room } = fill(queue);
  queue.end(new DomainError('LEASE_LOST', 'gone'));
  queue.end(new DomainError('UNAVAILABLE', 'too late'));
  await room;
  expect(() => queue.send(SMALL)).toThrow('gone');
  take();
  queue.close();
  expect(events).toEqual([SMALL]);
});
