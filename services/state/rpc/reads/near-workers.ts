import type { NearWorker } from '#gen/millrace/state/v1/blocker_pb.ts';
import type { ReadyEntry } from '#libs/partition/ready/ready-entry.ts';
import { ANY_DEFINITION } from '#libs/partition/ready/worker-shape.ts';
import type { ConnectedSession, ConnectedWorker } from './connected-workers.ts';

/** Workers that are named at most. */
const MAX_NEAR = 10;

/** The workers that come closest to an item, and what each lacks: those that lack least first, then by id. */
export function nearWorkers(workers: readonly ConnectedWorker[], entry: ReadyEntry): NearWorker[] {
  return workers
    .map(({ workerId, sessions }) => {
      const lacks = sessions.map((session) => lackOf(workerId, session, entry));
      return lacks.reduce((best, other) => (distanceOf(other) < distanceOf(best) ? other : best));
    })
    .toSorted((a, b) => distanceOf(a) - distanceOf(b))
    .slice(0, MAX_NEAR);
}

function lackOf(workerId: string, { session, shape, credits }: ConnectedSession, entry: ReadyEntry): NearWorker {
  const { queues, definitions, tags } = shape;
  const { queue, workflow, version } = entry;
  return {
    $typeName: 'millrace.state.v1.NearWorker',
    workerId,
    wrongQueue: !queues.has(queue),
    wrongVersion: !definitions.has(ANY_DEFINITION) && !definitions.has(`${workflow}@${version}`),
    wrongTask: false,
    missingTags: entry.tags.filter((tag) => !tags.has(tag)),
    noFreeSlot: credits === 0 && session.drainOrder === undefined,
    draining: session.drainOrder !== undefined,
  };
}

/** A worker that is busy or drains could have it; of the others, code is harder to come by than a queue or a tag. */
function distanceOf({ wrongVersion, wrongQueue, missingTags, noFreeSlot, draining }: NearWorker): number {
  return (
    Number(wrongVersion) * 10_000 +
    Number(wrongQueue) * 1_000 +
    missingTags.length * 10 +
    Number(draining) * 2 +
    Number(noFreeSlot)
  );
}
