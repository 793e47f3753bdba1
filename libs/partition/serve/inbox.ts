import { LogError } from '#libs/engine/model/log-error.ts';
import { isApplied } from '../state/partition-state.ts';
import type { ResolveDefinition } from './definition-port.ts';
import { decodeMessage } from './message.ts';
import type { Partition } from './partition.ts';
import { prepareMessage, receiveMessage } from './receive.ts';

/** A message of another partition as it comes in. */
export interface IncomingMessage {
  readonly number: number;
  readonly body: Uint8Array;
}

/** Takes the messages of other partitions into the runs that they are for. [journal.md 22] */
export interface Inbox {
  /**
   * Takes one. Resolves once it was decided, so that the next one may follow; `onDurable` hears when it need not be sent
   * again.
   *
   * @throws RangeError for one that came before those ahead of it, and what kept it from being decided.
   */
  take(target: Partition, source: number, message: IncomingMessage, onDurable: () => void): Promise<void>;
  /** Takes several, in order. Resolves with the number of the last one, once all are durable. */
  takeAll(target: Partition, source: number, messages: readonly IncomingMessage[]): Promise<number>;
}

/** Makes the inbox of a node. */
export function createInbox(resolve: ResolveDefinition, newIncarnation: (now: number) => string): Inbox {
  async function take(
    target: Partition,
    source: number,
    { number, body }: IncomingMessage,
    onDurable: () => void,
  ): Promise<void> {
    const message = decodeMessage(body);
    const prepared = await prepareMessage(message, resolve);
    await new Promise<void>((decided, refused) => {
      target.visit(message, {
        intent: 'reportChildEnd',
        act: (visit) => {
          const place = isApplied(target.state, source, number);
          if (place === 'gap') {
            refused(new RangeError(`message ${number} of partition ${source} came before those ahead of it`));
            return;
          }
          if (place === 'next') {
            receiveMessage(visit, message, prepared, {
              state: target.state,
              newIncarnation,
              reply: (from, answer) => target.queueMessage(from, answer),
            });
            visit.record({ kind: 'messageApplied', sourcePartition: source, number });
          }
          visit.whenDurable((news) => {
            if (news === 'durable') onDurable();
          });
          decided();
        },
        fail: refused,
      });
    });
  }

  return {
    take,
    takeAll: async (target, source, messages) => {
      const last = messages.at(-1);
      if (last === undefined) throw new LogError('MALFORMED', 'no message came');
      const { promise: isDurable, resolve: tell } = Promise.withResolvers<void>();
      for (const message of messages) await take(target, source, message, message === last ? tell : () => undefined);
      const lost = Promise.withResolvers<never>();
      target.line.whenDurable((news) => {
        if (news === 'lost') lost.reject(new RangeError('the partition was lost'));
      });
      await Promise.race([isDurable, lost.promise]);
      return last.number;
    },
  };
}
