import { DomainError } from '#libs/errors/domain-error.ts';

/**
 * What keeps a store from working:
 * - `disk-full`, `read-only`: nothing is lost, and it works again once there is room or it may write
 * - `busy`: another process writes to the same store
 * - `unreachable`: no clean answer in time
 * - `broken`: the store failed in a way that leaves open what is durable; the process must end and recover [journal.md 9]
 * - `closed`: it was closed by this process
 */
export type StoreProblem = 'disk-full' | 'read-only' | 'busy' | 'unreachable' | 'broken' | 'closed';

/**
 * A store did not do what was asked. Of a transaction of the tables nothing is there then, and repeating it is safe; what
 * became of a record of the journal is not known until it is settled. Callers see UNAVAILABLE with the problem in the
 * metadata.
 */
export class StoreError extends DomainError {
  readonly problem: StoreProblem;

  constructor(problem: StoreProblem, message: string, cause?: unknown) {
    super('UNAVAILABLE', message, { metadata: { problem }, cause });
    this.name = 'StoreError';
    this.problem = problem;
  }

  /** Whether no later attempt of this process can succeed. */
  get isFinal(): boolean {
    return this.problem === 'broken' || this.problem === 'closed';
  }
}
