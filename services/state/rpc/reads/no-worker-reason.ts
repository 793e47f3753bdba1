import { create } from '@bufbuild/protobuf';
import { BlockerSchema, type NearWorker } from '#gen/millrace/state/v1/blocker_pb.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import type { Blocker } from '#libs/partition/ready/blocker.ts';
import type { ReadyEntry } from '#libs/partition/ready/ready-entry.ts';
import { timestampFromTime } from '../wire/timestamp.ts';
import type { ExplainScope } from './explain-scope.ts';
import { itemsAhead } from './items-ahead.ts';
import { nearWorkers } from './near-workers.ts';
import { quoted, type Reason, SEVERITY, subjectOf } from './reason.ts';
import type { SeenItem } from './run-sight.ts';

/** Why no worker takes an item that is ready. Undefined: one is about to. */
export async function maybeNoWorkerReason(
  { context, sight, workers, ahead: known }: ExplainScope,
  { path, item, entry }: SeenItem,
): Promise<Reason | undefined> {
  const { lists } = context.node.dispatch;
  const why = lists.whyNotDispatched(entry);
  const list = JSON.stringify([entry.queue, entry.tags, entry.priority]);
  const ahead = known.get(list) ?? (await itemsAhead(context.store.tables, lists, entry));
  known.set(list, ahead);
  if (why === undefined && ahead === 0) return undefined;
  const near = nearWorkers(workers, entry);
  const { queue, tags, workflow, version, incarnation, itemSequence } = entry;
  const since = Math.max(item.scheduleTime, item.notBeforeTime ?? 0, sight.resumeTime);
  return {
    severity: why?.reason === 'NO_WORKER' ? SEVERITY.noWorker : SEVERITY.noFreeSlot,
    blocker: create(BlockerSchema, {
      nodePath: path,
      sinceTime: timestampFromTime(since),
      kind: {
        case: 'noWorker',
        value: {
          itemId: itemIdFrom(incarnation, itemSequence),
          queue,
          tags: [...tags],
          workflow,
          version,
          nearWorkers: near,
          ahead: BigInt(ahead),
        },
      },
    }),
    words: wordsOf(subjectOf(path), entry, why, near, ahead),
  };
}

function wordsOf(
  what: string,
  { queue, tags, workflow, version, avoidedBuild = '' }: ReadyEntry,
  why: Blocker | undefined,
  near: readonly NearWorker[],
  ahead: number,
): string {
  const code = quoted(`${workflow}@${version}`);
  const withTags = tags.length === 0 ? '' : ` and has the ${tagsOf(tags)}`;
  const [closest] = near;
  if (closest === undefined) {
    return `no worker is connected; start one that takes from queue ${quoted(queue)} and announces ${code}${withTags}`;
  }
  const before = ahead === 0 ? '' : `, and ${ahead === 1 ? 'one item stands' : `${ahead} items stand`} before it`;
  if (why === undefined) return `${what} waits for its turn in queue ${quoted(queue)}${before}`;
  if (why.reason === 'NO_CREDIT') {
    // The closest ones are those that lack nothing but a slot.
    if (closest.draining) return `every worker that may take ${what} drains; start another one, or take a drain back`;
    return `every slot of the workers that may take ${what} is in use${before}; wait for one, or add a worker`;
  }
  switch (why.missing) {
    case 'queue':
      return `no connected worker takes from queue ${quoted(queue)}; start one that announces ${code}${withTags}`;
    case 'definition':
      return `no connected worker of queue ${quoted(queue)} announces ${code}; start one that does${withTags}`;
    case 'build':
      return `${what} diverged under build ${quoted(avoidedBuild)} of ${code}; start a worker with another build${withTags}`;
    case 'tags': {
      const lack = `worker ${quoted(closest.workerId)} comes closest and lacks the ${tagsOf(closest.missingTags)}`;
      return `no connected worker of queue ${quoted(queue)} that announces ${code} has the ${tagsOf(tags)}: ${lack}`;
    }
  }
}

function tagsOf(tags: readonly string[]): string {
  return `${tags.length === 1 ? 'tag' : 'tags'} ${tags.map(quoted).join(', ')}`;
}
