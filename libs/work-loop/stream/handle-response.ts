import type { WorkResponse } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { GoAway } from '#gen/millrace/state/v1/stream_pb.ts';
import {
  type Assignment,
  CancelKind,
  type DrainNotice,
  type StepAck,
  type Wake,
  type Welcome,
} from '#gen/millrace/state/v1/work_down_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { AssignmentLink } from '../link/assignment-link.ts';
import type { WorkConnection } from './work-connection.ts';

/** What a message says about the stream as a whole. */
export interface StreamEvents {
  welcomed(welcome: Welcome): void;
  assigned(assignment: Assignment): void;
  drained(notice: DrainNotice): void;
  sentAway(notice: GoAway): void;
}

/**
 * Hands the frames of a message to the assignments that they are about, in an order that keeps that of each run's log:
 * what was taken over, what was asked for, acknowledgements and news by their sequence, then new assignments, which may be
 * of runs that were given back just before, and only then what ends something.
 */
export function handleResponse({ links, line }: WorkConnection, message: WorkResponse, events: StreamEvents): void {
  const { welcome, held, ack, assign, wake } = message;
  if (welcome !== undefined) events.welcomed(welcome);
  for (const state of held) takeHeld(links, line, state);
  for (const chunk of message.history) links.get(chunk.handle)?.recalled(chunk);
  if (wake.length === 0) {
    for (const one of ack) acknowledge(links.get(one.handle), one);
    for (const assignment of assign) events.assigned(assignment);
  } else {
    const isNew = new Set(assign.map(({ handle }) => handle));
    handleNews(
      links,
      ack,
      wake.filter(({ handle }) => !isNew.has(handle)),
    );
    for (const assignment of assign) events.assigned(assignment);
    if (isNew.size > 0)
      handleNews(
        links,
        [],
        wake.filter(({ handle }) => isNew.has(handle)),
      );
  }
  for (const one of message.reject) {
    const link = links.get(one.handle);
    // A link that went to another stream is answered there.
    if (link?.handle === one.handle) link.reject(one);
  }
  for (const notice of message.cancel) {
    const link = links.get(notice.handle);
    if (notice.kind !== CancelKind.ABORT) link?.holder.noticed(notice);
    else
      link?.lose(
        new DomainError('LEASE_LOST', notice.reason === '' ? 'the server took the lease back' : notice.reason),
      );
  }
  if (message.drain !== undefined) events.drained(message.drain);
  if (message.goAway !== undefined) events.sentAway(message.goAway);
}

/** What became of a link that moves to this stream. */
export function takeHeld(
  links: WorkConnection['links'],
  line: WorkConnection['line'],
  { handle, lost, ordinal, lastSequence }: WorkResponse['held'][number],
): void {
  const link = links.get(handle);
  if (lost) link?.lose(new DomainError('LEASE_LOST', 'the server gave the assignment to somebody else'));
  else link?.move(line, handle, ordinal, Number(lastSequence));
}

function acknowledge(link: AssignmentLink | undefined, { ordinal, lastSequence, settled }: StepAck): void {
  link?.acknowledge(ordinal, Number(lastSequence), settled);
}

/** News and acknowledgements of one run come in the order of its log. */
function handleNews(links: WorkConnection['links'], acks: readonly StepAck[], wakes: readonly Wake[]): void {
  const news = new Map<number, Event[]>();
  for (const { handle, events } of wakes) {
    const before = news.get(handle);
    if (before === undefined) news.set(handle, [...events]);
    else before.push(...events);
  }
  for (const ack of acks) {
    const link = links.get(ack.handle);
    const waiting = news.get(ack.handle);
    if (waiting !== undefined) {
      const later = waiting.findIndex(({ sequence }) => sequence >= ack.lastSequence);
      tell(link, waiting.splice(0, later < 0 ? waiting.length : later));
    }
    acknowledge(link, ack);
  }
  for (const [handle, waiting] of news) tell(links.get(handle), waiting);
}

function tell(link: AssignmentLink | undefined, events: readonly Event[]): void {
  const last = events.at(-1);
  if (last !== undefined) link?.holder.woken(events, Number(last.sequence));
}
