import type { CommandKind } from '#libs/engine/commands/command.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Intake } from './backlog.ts';

/** When it is worth to try again: a round of rows takes a fraction of it. */
const RETRY_AFTER_MS = 1_000;

/** What is taken under every pressure: it ends work, or keeps a worker from losing what it has. */
const ALWAYS: ReadonlySet<CommandKind> = new Set<CommandKind>([
  'wake',
  'completeItem',
  'failItem',
  'releaseItem',
  'yieldSlot',
  'withdrawWait',
  'extendLease',
  'expireLease',
  'timeOutStep',
  'cancelRun',
  'terminateRun',
  'updateStatus',
  'checkControls',
  'saveTaskResult',
  'releaseClaim',
  'extendClaim',
  'forceRelease',
  'completeWorkItem',
  'failWorkItem',
  'reportChildStart',
  'reportChildRejection',
  'reportChildEnd',
]);

/**
 * Why the backlog has no room for a command: OVERLOADED, naming what is behind, with the time after which it is worth to
 * try again.
 */
export function maybeOverload(command: CommandKind, intake: Intake): DomainError | undefined {
  if (intake === 'all' || ALWAYS.has(command)) return undefined;
  if (intake === 'noStarts' && command !== 'startRun') return undefined;
  return new DomainError('OVERLOADED', 'the tables are too far behind the journal to take more', {
    metadata: { limit: 'unmaterialised journal' },
    retryAfterMs: RETRY_AFTER_MS,
  });
}
