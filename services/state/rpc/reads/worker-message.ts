import { create } from '@bufbuild/protobuf';
import { type Worker, WorkerSchema } from '#gen/millrace/state/v1/worker_pb.ts';
import { maybeTimestampFromTime } from '../wire/timestamp.ts';
import type { ConnectedWorker } from './connected-workers.ts';
import { drainedCreditsOf } from './drained-credits.ts';
import { maybeHeardTime } from './heard-time.ts';

/** A worker on the wire, as its sessions at this node have it. */
export function workerToProto({ workerId, sessions }: ConnectedWorker, nowMs: number): Worker {
  const names = new Set(sessions.flatMap(({ shape }) => [...shape.definitions]));
  const heard = sessions.map(({ session }) => maybeHeardTime(session, nowMs)).filter((time) => time !== undefined);
  let leased = 0;
  let slots = 0;
  for (const { session, credits } of sessions) {
    leased += session.held.size;
    slots += session.held.size + credits + drainedCreditsOf(session);
  }
  return create(WorkerSchema, {
    workerId,
    sessionIds: sessions.map(({ session }) => session.sessionId),
    queues: sortedUnion(sessions.map(({ shape }) => shape.queues)),
    tags: sortedUnion(sessions.map(({ shape }) => shape.tags)),
    definitions: [...names].toSorted().map(definitionFrom),
    slots,
    leased,
    draining: sessions.every(({ session }) => session.isDraining),
    heartbeatTime: maybeTimestampFromTime(heard.length === 0 ? undefined : Math.max(...heard)),
  });
}

/** The name of a definition ends with its version, which has no `@`. */
function definitionFrom(name: string): { readonly workflow: string; readonly version: string } {
  const at = name.lastIndexOf('@');
  return { workflow: name.slice(0, at), version: name.slice(at + 1) };
}

function sortedUnion(sets: readonly ReadonlySet<string>[]): string[] {
  return [...new Set(sets.flatMap((set) => [...set]))].toSorted();
}
