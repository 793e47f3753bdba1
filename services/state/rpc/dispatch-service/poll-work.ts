import type { PollWorkRequest, PollWorkResponse } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { createKeyLocks } from '../payloads/key-locks.ts';
import { createAnnouncedBuilds } from '../unary-work/announced-builds.ts';
import { createAnnouncements } from '../unary-work/announcements.ts';
import { maybeAssignmentNow } from '../unary-work/assignment-now.ts';
import { DEFAULT_TTL_MS } from '../unary-work/extend-lease.ts';
import { extendSession, type SessionExtension } from '../unary-work/extend-session.ts';
import { giveBack } from '../unary-work/give-back.ts';
import { createRepeatablePoll, type RepeatablePoll } from '../unary-work/kept-polls.ts';
import { type PolledItem, pollOnce } from '../unary-work/poll.ts';
import { createPollSessions } from '../unary-work/poll-sessions.ts';
import { pollerShape } from '../unary-work/poller-shape.ts';
import { takeTurn } from '../unary-work/take-turn.ts';
import { unaryAssignment } from '../unary-work/unary-assignment.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';
import { announcedCode } from '../work/worker-facts.ts';

const DEFAULT_WAIT_MS = 20_000;
/** What of the caller's time is left for the answer. */
const MARGIN_MS = 250;

/**
 * DispatchService.PollWork: takes work, and waits for it. What came for a caller that is gone goes back. With a request
 * id a repeat gets the same assignments as their runs are then, without those whose lease is over.
 */
export function createPollWork(context: StateContext): UnaryHandler<PollWorkRequest, PollWorkResponse> {
  const sessions = createPollSessions(context);
  const announcements = createAnnouncements(context);
  const builds = createAnnouncedBuilds(context);
  const locks = createKeyLocks();

  async function poll(request: PollWorkRequest, call: CallContext): Promise<readonly PolledItem[]> {
    const { workerId, sessionId, maxItems = 1 } = request;
    const { tenantId, signal, goAway, remainingMs = Infinity } = call;
    return await pollOnce(context, sessions, {
      tenantId,
      workerId,
      sessionId,
      shape: pollerShape(tenantId, request),
      announced: announcedCode(request.definitions),
      maxItems,
      waitMs: Math.min(maybeMsFromDuration(request.wait) ?? DEFAULT_WAIT_MS, remainingMs - MARGIN_MS),
      expiry: { kind: 'ttl', ttlMs: ttlOf(request) },
      signal,
      goAway,
    });
  }

  async function pollRepeatably(
    repeatable: RepeatablePoll,
    request: PollWorkRequest,
    call: CallContext,
  ): Promise<PollWorkResponse> {
    const giveTurnOn = await takeTurn(locks, repeatable.scope, call.signal);
    try {
      const kept = await repeatable.maybeKept();
      if (kept !== undefined) {
        const now = await Promise.all(kept.map((item) => maybeAssignmentNow(context, item)));
        return answerOf(now.filter((assignment) => assignment !== undefined));
      }
      const items = await poll(request, call);
      try {
        await repeatable.keep(items.map(({ held }) => held));
      } catch (error) {
        for (const { held } of items) giveBack(context, held);
        throw error;
      }
      return assignedOf(items);
    } finally {
      giveTurnOn();
    }
  }

  return async (request, call) => {
    const { sessionId, requestId, definitions } = request;
    const { tenantId } = call;
    await announcements.take(tenantId, definitions);
    builds.take(tenantId, request.workerId, definitions);
    if (sessionId !== '') await keepSession(context, { tenantId, sessionId, ttlMs: ttlOf(request) });
    if (requestId === '') return assignedOf(await poll(request, call));
    return await pollRepeatably(createRepeatablePoll(context, tenantId, request), request, call);
  };
}

/** Extends what the session has. What cannot be extended now, because its partition moves, is by a poll after this one. */
async function keepSession(context: StateContext, extension: SessionExtension): Promise<void> {
  try {
    await extendSession(context, extension);
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'unavailable') throw error;
  }
}

function ttlOf({ ttl }: PollWorkRequest): number {
  return maybeMsFromDuration(ttl) ?? DEFAULT_TTL_MS;
}

function assignedOf(items: readonly PolledItem[]): PollWorkResponse {
  return answerOf(items.map(({ held, facts }) => unaryAssignment(held, facts)));
}

function answerOf(assignments: PollWorkResponse['assignments']): PollWorkResponse {
  return { $typeName: 'millrace.state.v1.PollWorkResponse', assignments };
}
