import type { PollWorkRequest } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { buildsOf, type WorkerShape } from '#libs/partition/ready/worker-shape.ts';
import { announcedCode, definitionName } from '../work/worker-facts.ts';

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
    definitions: new Set(definitions.map(definitionName)),
    builds: buildsOf(announcedCode(definitions)),
  };
}
