import { hash } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Dispatch } from '#libs/partition/dispatch/dispatch.ts';
import type { DispatchSession } from '#libs/partition/dispatch/dispatch-session.ts';
import type { StateContext } from '../context.ts';
import { invalidField } from '../wire/invalid-field.ts';

// A poll connects under a session of its own, so that several polls at a time neither share credits nor get each other's
// items. The first of a session at a time has the session's own id, the others that id and a number: leases then name a
// session that a later poll, or ExtendWork, finds again, also after a fail-over. What is before the first `/` is the
// session that the worker named.

/** Polls of one session at a time. */
const MAX_POLLS = 32;
/** When it is worth to poll again. */
const RETRY_AFTER_MS = 1_000;

/** Who polls. */
export interface Poller {
  readonly tenantId: string;
  readonly workerId: string;
  /** Empty: none. */
  readonly sessionId: string;
}

/** Gives each poll a session that no other one has at the time. */
export interface PollSessions {
  /**
   * The session of a poll; `giveBack` when it is not connected any more.
   *
   * @throws INVALID_FIELDS for a session of another tenant or worker, OVERLOADED for too many polls at a time.
   */
  take(poller: Poller): PollSession;
}

/** The session of one poll. */
export interface PollSession {
  readonly sessionId: string;
  giveBack(): void;
}

/**
 * Makes the sessions of the polls of a node. From 1 on none has the session's own id: then what it has is never taken for
 * what a stream of that session has to name.
 */
export function createPollSessions(context: StateContext, firstNumber: number = 0): PollSessions {
  const taken = new Set<string>();
  return {
    take: (poller) => {
      const { dispatch } = context.node;
      let free: string | undefined;
      for (const sessionId of sessionIds(poller, firstNumber, MAX_POLLS)) {
        const known = dispatch.maybeSession(sessionId);
        if (known !== undefined) assertOwn(known, poller);
        // One that has a stream is the stream's.
        if (!taken.has(sessionId) && known?.link === undefined) free ??= sessionId;
      }
      if (free !== undefined) {
        const sessionId = free;
        taken.add(sessionId);
        return { sessionId, giveBack: () => void taken.delete(sessionId) };
      }
      throw new DomainError('OVERLOADED', `a session polls at most ${MAX_POLLS} times at once`, {
        metadata: { limit: 'polls', maximum: String(MAX_POLLS) },
        retryAfterMs: RETRY_AFTER_MS,
      });
    },
  };
}

/** The sessions whose leases a worker's session keeps, as far as this node knows of them. */
export function* sessionsOf(dispatch: Dispatch, tenantId: string, sessionId: string): Generator<DispatchSession> {
  for (const id of sessionIds({ tenantId, workerId: '', sessionId }, 0, MAX_POLLS + 1)) {
    const known = dispatch.maybeSession(id);
    if (known?.tenantId === tenantId) yield known;
  }
}

function* sessionIds(poller: Poller, firstNumber: number, count: number): Generator<string> {
  const base = poller.sessionId || anonymousSession(poller);
  for (let number = firstNumber; number < firstNumber + count; number += 1) {
    yield number === 0 ? base : `${base}/${number}`;
  }
}

/** Stands for the session of a worker that names none: the same one each time, so that polls leave no trace. */
function anonymousSession({ tenantId, workerId }: Poller): string {
  return `/${hash('sha256', `${tenantId.length}:${tenantId}${workerId}`, 'base64url').slice(0, 22)}`;
}

function assertOwn(known: DispatchSession, { tenantId, workerId }: Poller): void {
  if (known.tenantId !== tenantId || known.workerId !== workerId) {
    throw invalidField('session_id', 'is in use by another worker');
  }
}
