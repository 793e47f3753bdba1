import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { RunFacts } from './function-run.ts';

/** What an assignment says of its run. */
export function factsOf(assignment: Assignment): RunFacts {
  const { runId, incarnation, workflow, version, definitionHash, attempt, fence } = assignment;
  const { queue, priority, tags, traceparent } = assignment;
  return {
    runId,
    incarnation,
    workflow,
    version,
    definitionHash,
    attempt,
    fence,
    queue,
    priority,
    tags,
    traceparent,
  };
}
