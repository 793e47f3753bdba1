import { DomainError } from '#libs/errors/domain-error.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';

/** Names a change to lists that must show it. */
export interface CommitMark {
  readonly partition: number;
  readonly position: number;
}

/** The token of what is decided in a partition at this moment. */
export function commitTokenOf({ partition }: Partition, position: number): string {
  return `${partition}.${position}`;
}

/**
 * Reads a commit token.
 *
 * @throws INVALID_FIELDS for a text that is none.
 */
export function parseCommitToken(token: string): CommitMark {
  const [, partition, position] = /^(\d{1,9})\.(\d{1,15})$/.exec(token) ?? [];
  if (partition === undefined || position === undefined) {
    const description = 'must be a commit token of an earlier answer';
    throw new DomainError('INVALID_FIELDS', `after_commit ${description}`, {
      violations: [{ field: 'after_commit', description }],
    });
  }
  return { partition: Number(partition), position: Number(position) };
}
