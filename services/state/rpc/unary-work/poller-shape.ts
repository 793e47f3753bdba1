import type { PollWorkRequest } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { WorkerShape } from '#libs/partition/ready/worker-shape.ts';

const DEFAULT_QUEUE = 'default';

/** What a worker that polls can do. */
export function pollerShape(
  tenantId: string,
  { queues, tags, definitions }: Pick<PollWorkRequest, 'queues' | 'tags' | 'definitions'>,
): WorkerShape {
  return {
    tenantId,
    queues: new Set(queues.length === 0 ? [DEFAULT_QUEUE] : queues),
    tags: new Set(tags),
    definitions: new Set(definitions.map(({ workflow, version }) => `${workflow}@${version}`)),
  };
}
