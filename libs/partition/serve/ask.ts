import type { CommandKind } from '#libs/engine/commands/command.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { Partition } from './partition.ts';
import type { RunVisit } from './run-visit.ts';

/** What is asked of a run in one visit. */
export interface Question<T> {
  readonly intent: CommandKind | 'read';
  /** Decides, and makes the answer of what is in memory then. What it throws is the answer. */
  readonly act: (visit: RunVisit) => T;
}

/**
 * Visits a run and answers what was made of it, once everything that it is made of is durable.
 *
 * @throws what `act` throws; UNAVAILABLE when the outcome is not known, or the partition has another owner.
 */
export function ask<T>(partition: Partition, key: RunKey, { intent, act }: Question<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    partition.visit(key, {
      intent,
      act: (visit) => {
        const answer = act(visit);
        visit.whenDurable((news) => {
          if (news === 'durable') resolve(answer);
          else reject(outcomeUnknown(news));
        });
      },
      fail: reject,
    });
  });
}

/** The error for what was decided and is not known to be durable. */
export function outcomeUnknown(news: 'late' | 'lost'): DomainError {
  return new DomainError(
    'UNAVAILABLE',
    news === 'late' ? 'the store does not answer in time; the outcome is not known' : 'the partition has another owner',
    { retryAfterMs: news === 'late' ? 1_000 : 250 },
  );
}
