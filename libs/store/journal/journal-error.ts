import { DomainError } from '#libs/errors/domain-error.ts';

/**
 * What keeps a journal from working:
 * - `disk-full`, `read-only`: nothing is lost, and it works again once there is room or it may write
 * - `busy`: another process writes to the same store
 * - `unreachable`: no clean answer in time
 * - `broken`: the store failed in a way that leaves open what is durable; the process must end and recover [journal.md 9]
 * - `closed`: it was closed by this process
 */
export type JournalProblem = 'disk-full' | 'read-only' | 'busy' | 'unreachable' | 'broken' | 'closed';

/** The store of a journal did not do what was asked. Callers see UNAVAILABLE with the problem in the metadata. */
export class JournalError extends DomainError {
  readonly problem: JournalProblem;

  constructor(problem: JournalProblem, message: string, cause?: unknown) {
    super('UNAVAILABLE', message, { metadata: { problem }, cause });
    this.name = 'JournalError';
    this.problem = problem;
  }

  /** Whether no later attempt of this process can succeed. */
  get isFinal(): boolean {
    return this.problem === 'broken' || this.problem === 'closed';
  }
}
