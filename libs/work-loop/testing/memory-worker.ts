import type { Hello } from '#gen/millrace/state/v1/work_up_pb.ts';
import { WorkMode } from '#gen/millrace/state/v1/worker_pb.ts';
import type { DomainError } from '#libs/errors/domain-error.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import { createSendBudget } from '../frames/send-budget.ts';
import { createExecutions } from '../run/executions.ts';
import type { RunFunction } from '../run/function-run.ts';
import { createWorkStream } from '../stream/work-stream.ts';
import { DEFAULT_WORKER_LIMITS, type WorkerLimits } from '../worker-options.ts';
import { openMemoryStream } from './memory-stream.ts';
import type { TestDispatch } from './test-dispatch.ts';

/** A worker of the tests. */
export interface MemoryWorker {
  /** Ends it at once, as a crash would. */
  close(): void;
  /** Cuts its stream: what is under way is lost, and another one is opened. */
  cut(): void;
}

/** How a worker of the tests is made. */
export interface MemoryWorkerOptions {
  readonly limits?: Partial<WorkerLimits>;
  /** As `openMemoryStream`. */
  readonly lateTurns?: () => number;
  readonly onTrouble?: (error: DomainError) => void;
}

/** A worker of version 1 of `flow` with one slot, without a network. */
export function memoryWorker(
  dispatch: TestDispatch,
  code: RunFunction,
  { limits, lateTurns, onTrouble = () => undefined }: MemoryWorkerOptions = {},
): MemoryWorker {
  const complete = { ...DEFAULT_WORKER_LIMITS, ...limits };
  const budget = createSendBudget(1_000_000);
  const executions = createExecutions({
    limits: complete,
    budget,
    clock: createSystemClock(),
    random: () => 0.5,
    loadPayload: undefined,
    onTrouble,
    onDiverged: () => undefined,
  });
  const hello: Hello = {
    $typeName: 'millrace.state.v1.Hello',
    workerId: 'w',
    sessionId: crypto.randomUUID(),
    held: [],
    queues: [],
    tags: [],
    definitions: [
      {
        $typeName: 'millrace.state.v1.AnnouncedDefinition',
        workflow: 'flow',
        version: '1',
        definitionHash: '',
        build: '',
      },
    ],
    slots: 1,
    mode: WorkMode.RELAYED,
    protocol: 1,
    tasks: [],
    sdk: '',
    freeItems: false,
  };
  let newest: ReturnType<typeof openMemoryStream> | undefined;
  const stream = createWorkStream({
    tenantId: '',
    slots: 1,
    open: () => (newest = openMemoryStream(dispatch, lateTurns)),
    hello: () => hello,
    link: {
      budget,
      maxUnacknowledged: complete.maxUnacknowledged,
      mending: { initialMs: 1, maxMs: 5 },
      random: () => 0.5,
    },
    reconnect: { initialMs: 1, maxMs: 5 },
    random: () => 0.5,
    onAssigned: (link) => executions.take(link, { workflow: 'flow', version: '1', code }),
    onDrained: () => undefined,
    onTrouble: () => undefined,
  });
  return { close: () => stream.close(), cut: () => newest?.abort() };
}
