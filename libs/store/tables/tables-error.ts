import { DomainError } from '#libs/errors/domain-error.ts';
import type { JournalProblem } from '../journal/journal-error.ts';

/**
 * The store of the tables did not do what was asked, for one of the reasons that a journal has too. Nothing of the
 * transaction is there, and repeating it is safe. Callers see UNAVAILABLE with the problem in the metadata.
 */
export class TablesError extends DomainError {
  readonly problem: JournalProblem;

  constructor(problem: JournalProblem, message: string, cause?: unknown) {
    super('UNAVAILABLE', message, { metadata: { problem }, cause });
    this.name = 'TablesError';
    this.problem = problem;
  }

  /** Whether no later attempt of this process can succeed. */
  get isFinal(): boolean {
    return this.problem === 'broken' || this.problem === 'closed';
  }
}
