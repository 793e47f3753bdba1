import type { LeaseExpiry } from '#libs/engine/model/lease.ts';
import type { AnnouncedCode } from '#libs/partition/dispatch/dispatch-session.ts';
import type { AssignmentFacts, HeldLease, WorkerLink } from '#libs/partition/dispatch/held-lease.ts';
import type { DispatchOrder } from '#libs/partition/ready/dispatch-order.ts';
import type { WorkerShape } from '#libs/partition/ready/worker-shape.ts';
import { assertActive, assertWorkerRoom } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { onceAborted } from '../streams.ts';
import { assignmentBytes } from './assignment-bytes.ts';
import { giveBack } from './give-back.ts';
import type { Poller, PollSessions } from './poll-sessions.ts';

/** Items of one answer end before they have more bytes than this, as far as they are counted: the limit of messages is 4 MiB. */
const MAX_ANSWER_BYTES: number = 2 * 1024 * 1024;
/** How long the first item may take from its lease to here: a commit, and a read where its run has a long past. */
const FIRST_ITEM_MS = 1_000;
/** How long the first item waits for others that are on their way. */
const GATHER_MS = 50;
/** How long an item may still come after the answer, to be given back. */
const LINGER_MS = 30_000;
/** Time between two looks at whether it still may. */
const LINGER_LOOK_MS = 250;

/** What is polled for. */
export interface PollTerms extends Poller {
  readonly shape: WorkerShape;
  /** What its worker says of definitions, by `workflow@version`. */
  readonly announced: ReadonlyMap<string, AnnouncedCode>;
  readonly maxItems: number;
  /** How long the first item may take. 0: only what is there. */
  readonly waitMs: number;
  /** How the leases hold. */
  readonly expiry: LeaseExpiry;
  /** The order in which it takes what waits. Absent: that of the lists. */
  readonly order?: DispatchOrder;
  /** The caller is gone: what came for it goes back. */
  readonly signal: AbortSignal;
  /** The caller should come back: what has come is the answer. */
  readonly goAway: AbortSignal;
}

/** An item that came for a poll. */
export interface PolledItem {
  readonly held: HeldLease;
  readonly facts: AssignmentFacts;
}

/**
 * Takes work for one call, and waits for it.
 *
 * A poll is waiting, until an item has come, its time is over, or nobody wants it any more; then gathering, for what was
 * leased with the first item and is on its way; then over: it is answered. It lingers until nothing is on its way to it,
 * and what comes then goes back, its attempt not counted. What came for a caller that is gone goes back too.
 *
 * @throws the reason of the caller's signal, and what `take` of the sessions throws.
 */
export async function pollOnce(
  context: StateContext,
  sessions: PollSessions,
  terms: PollTerms,
): Promise<readonly PolledItem[]> {
  const { dispatch } = context.node;
  const { tenantId, workerId, maxItems, signal } = terms;
  assertActive(context, tenantId);
  assertWorkerRoom(context, tenantId, workerId);
  const own = sessions.take(terms);
  const items = new Map<HeldLease, AssignmentFacts>();
  let bytes = 0;
  let arrived = 0;
  let unused = 0;
  let isOver = false;
  let onNews: (() => void) | undefined;

  const link: WorkerLink = {
    assign: (held, facts) => {
      arrived += 1;
      if (isOver || bytes > MAX_ANSWER_BYTES) {
        giveBack(context, held);
      } else {
        items.set(held, facts);
        bytes += assignmentBytes(facts);
      }
      onNews?.();
    },
    // A worker that polls hears of these by its next call.
    wake: () => undefined,
    tell: () => undefined,
    revoke: () => undefined,
    // While it drains its credits are kept, so that it waits in vain.
    drain: () => undefined,
  };
  const session = dispatch.connect({
    workerId,
    sessionId: own.sessionId,
    shape: terms.shape,
    credits: maxItems,
    link,
    expiry: terms.expiry,
    ...(terms.order === undefined ? {} : { order: terms.order }),
    announced: terms.announced,
  });

  /** Items that were leased and are not here: a credit was used for each. */
  function onTheirWay(): number {
    return maxItems - unused - dispatch.lists.creditsOf(own.sessionId) - session.keptCredits - arrived;
  }

  /** Waits until a condition holds or a time has passed; at once where the caller is gone or is to go. */
  async function until(holds: () => boolean, ms: number): Promise<void> {
    if (holds() || ms <= 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const stopListening = onceAborted(signal, resolve);
    onNews = () => {
      if (holds()) resolve();
    };
    await promise;
    onNews = undefined;
    clearTimeout(timer);
    stopListening();
  }

  function takeNoMore(): void {
    // A stream that came under the session meanwhile has credits of its own.
    if (session.link === link) unused += dispatch.takeCredits(session);
  }

  function disconnect(): void {
    dispatch.disconnect(session, link);
    own.giveBack();
  }

  /** Stays connected for what is on its way, which nobody else would give back. */
  function linger(sinceMs: number): void {
    takeNoMore();
    if (session.link !== link || onTheirWay() <= 0 || performance.now() - sinceMs > LINGER_MS) {
      disconnect();
      return;
    }
    setTimeout(linger, LINGER_LOOK_MS, sinceMs).unref();
  }

  let isSentAway = false;
  const stopListening = onceAborted(terms.goAway, () => {
    isSentAway = true;
    onNews?.();
  });
  dispatch.addCredits(session, 0);
  await until(() => items.size > 0 || isSentAway, terms.waitMs);
  takeNoMore();
  await until(() => onTheirWay() <= 0, items.size > 0 ? GATHER_MS : FIRST_ITEM_MS);
  stopListening();
  isOver = true;
  linger(performance.now());
  // In the order in which they were leased, the most urgent first. What was taken away meanwhile, by a cancel for
  // example, is not there any more.
  const kept: PolledItem[] = [];
  for (const held of session.held) {
    const facts = items.get(held);
    if (facts !== undefined) kept.push({ held, facts });
  }
  if (!signal.aborted) return kept;
  for (const { held } of kept) giveBack(context, held);
  throw signal.reason;
}
