import { create } from '@bufbuild/protobuf';
import {
  type AnnouncedDefinition,
  AnnouncedDefinitionSchema,
  type Worker,
  WorkerSchema,
  WorkMode,
} from '#gen/millrace/state/v1/worker_pb.ts';
import type { AnnouncedCode } from '#libs/partition/dispatch/dispatch-session.ts';
import { namedSessionId } from '#libs/partition/dispatch/named-session-id.ts';
import type { StateContext } from '../context.ts';
import { maybeTimestampFromTime } from '../wire/timestamp.ts';
import type { ConnectedSession, ConnectedWorker } from './connected-workers.ts';
import { maybeHeardTime } from './heard-time.ts';

/** A worker on the wire, as its sessions at this node have it. Where they differ, the newest one counts. */
export function workerToProto(
  { workerId, sessions }: ConnectedWorker,
  context: Pick<StateContext, 'nowMs' | 'node'>,
): Worker {
  const heard = sessions.map(({ session }) => maybeHeardTime(session, context)).filter((time) => time !== undefined);
  const [first, ...others] = sessions.toSorted((a, b) => b.session.connectTime - a.session.connectTime);
  const facts = [first, ...others].map((one) => one?.session.facts).find((known) => known !== undefined);
  let leased = 0;
  let slots = 0;
  for (const one of sessions) {
    leased += one.session.held.size;
    slots += slotsOf(one);
  }
  return create(WorkerSchema, {
    workerId,
    sessionIds: sortedUnion(sessions.map(({ session }) => [namedSessionId(session.sessionId)])).filter(Boolean),
    queues: sortedUnion(sessions.map(({ shape }) => [...shape.queues])),
    tags: sortedUnion(sessions.map(({ shape }) => [...shape.tags])),
    definitions: definitionsOf(sessions),
    tasks: tasksOf(sessions),
    slots,
    leased,
    mode: facts?.mode === 'DIRECT' ? WorkMode.DIRECT : WorkMode.RELAYED,
    draining: sessions.every(({ session }) => session.drainOrder !== undefined),
    connectTime: maybeTimestampFromTime(Math.min(...sessions.map(({ session }) => session.connectTime))),
    heartbeatTime: maybeTimestampFromTime(heard.length === 0 ? undefined : Math.max(...heard)),
    sdk: facts?.sdk ?? '',
  });
}

/** One that polls says how much it takes by each poll. */
function slotsOf({ session, credits }: ConnectedSession): number {
  return session.facts?.slots ?? session.held.size + credits + session.keptCredits;
}

/** A session without tasks can run all of its definitions. */
function tasksOf(sessions: readonly ConnectedSession[]): string[] {
  const tasks = sessions.map(({ session }) => session.facts?.tasks ?? []);
  return tasks.some((its) => its.length === 0) ? [] : sortedUnion(tasks);
}

function definitionsOf(sessions: readonly ConnectedSession[]): AnnouncedDefinition[] {
  const codes = new Map<string, AnnouncedCode | undefined>();
  for (const { session, shape } of sessions.toSorted((a, b) => a.session.connectTime - b.session.connectTime)) {
    for (const name of shape.definitions) codes.set(name, session.announced.get(name) ?? codes.get(name));
  }
  return [...codes.keys()].toSorted().map((name) => announcedFrom(name, codes.get(name)));
}

/** An announcement without its content. The name ends with the version, which has no `@`. */
export function announcedFrom(name: string, code: AnnouncedCode | undefined): AnnouncedDefinition {
  const at = name.lastIndexOf('@');
  return create(AnnouncedDefinitionSchema, { workflow: name.slice(0, at), version: name.slice(at + 1), ...code });
}

function sortedUnion(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].toSorted();
}
