import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Event, EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { type Run, RunSchema } from '#gen/millrace/state/v1/run_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';

/** What a test may say about a run. */
export type RunInit = Exclude<MessageInitShape<typeof RunSchema>, Run>;

/** An incarnation as the services spell it. */
export const INCARNATION = '01950000-0000-7000-8000-000000000001';

/** When the runs of tests are created. */
export const CREATED_MS: number = Date.UTC(2026, 2, 1, 12);

/** A run that is under way, or what a test says. */
export function runOf(init: RunInit = {}): Run {
  return create(RunSchema, {
    runId: 'order-42',
    incarnation: INCARNATION,
    workflow: 'order',
    version: '3',
    status: RunStatus.RUNNING,
    priority: 3,
    createTime: timestampFromMs(CREATED_MS),
    ...init,
  });
}

/** A run that has ended two seconds after its creation. */
export function endedRun(status: RunStatus, init: RunInit = {}): Run {
  return runOf({ status, endTime: timestampFromMs(CREATED_MS + 2_000), ...init });
}

/** The event with a number, of a timer that fired. */
export function eventOf(sequence: number): Event {
  return create(EventSchema, {
    sequence: BigInt(sequence),
    eventTime: timestampFromMs(CREATED_MS),
    kind: { case: 'timerFired', value: { nodePath: `node-${sequence}` } },
  });
}

/** What the state service answers about a run that it does not know. */
export function notFound(runId: string): DomainError {
  return new DomainError('RUN_NOT_FOUND', `there is no run ${runId}`);
}
