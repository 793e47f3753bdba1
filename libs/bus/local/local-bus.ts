import type { Bus, BusMessage, Subscription } from '../bus.ts';
import { createSubjectMatch } from '../subjects/pattern.ts';

/** How many messages wait for one subscriber: a few seconds of a busy node. The oldest give way. */
const MAX_WAITING = 10_000;

interface Subscriber {
  readonly matches: (subject: string) => boolean;
  readonly onMessage: (message: BusMessage) => void;
  readonly waiting: BusMessage[];
  isScheduled: boolean;
  missed: number;
}

/** What the local bus needs of the world. */
export interface LocalBusOptions {
  /** Hears of a subscriber that threw; it goes on with the next message. */
  readonly onBug: (error: unknown) => void;
  /** How many messages wait for one subscriber. 10 000 by default. */
  readonly maxWaiting?: number;
}

/**
 * A bus within this process, for an embedded store without NATS. Publisher and subscribers do not run in one stack: a
 * message is heard in a later turn, and a slow subscriber holds up nobody.
 */
export function createLocalBus({ onBug, maxWaiting = MAX_WAITING }: LocalBusOptions): Bus {
  const subscribers = new Set<Subscriber>();

  function deliver(subscriber: Subscriber): void {
    subscriber.isScheduled = false;
    for (const message of subscriber.waiting.splice(0)) {
      if (!subscribers.has(subscriber)) return;
      try {
        subscriber.onMessage(message);
      } catch (error) {
        onBug(error);
      }
    }
  }

  function enqueue(subscriber: Subscriber, message: BusMessage): void {
    if (subscriber.waiting.length >= maxWaiting) {
      subscriber.waiting.shift();
      subscriber.missed += 1;
    }
    subscriber.waiting.push(message);
    if (subscriber.isScheduled) return;
    subscriber.isScheduled = true;
    setImmediate(deliver, subscriber);
  }

  return {
    publish: async (messages, signal) => {
      signal.throwIfAborted();
      for (const message of messages) {
        for (const subscriber of subscribers) {
          if (subscriber.matches(message.subject)) enqueue(subscriber, message);
        }
      }
    },
    subscribe: (pattern, onMessage): Subscription => {
      const matches = createSubjectMatch(pattern);
      const subscriber: Subscriber = { matches, onMessage, waiting: [], isScheduled: false, missed: 0 };
      subscribers.add(subscriber);
      return {
        get missed() {
          return subscriber.missed;
        },
        [Symbol.dispose]: () => {
          subscribers.delete(subscriber);
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      subscribers.clear();
    },
  };
}
