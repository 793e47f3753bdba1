import type { CommandKind } from '#libs/engine/commands/command.ts';
import type { RunVisit } from './run-visit.ts';

/** What is done with a run. */
export interface RunTask {
  /** What it leads to at most, for what is refused under pressure. `read`: nothing. */
  readonly intent: CommandKind | 'read';
  act(visit: RunVisit): void;
  /** It was not done, or is not known to be. May be called more than once. */
  fail(error: unknown): void;
}
