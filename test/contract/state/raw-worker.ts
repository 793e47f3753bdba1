import { randomBytes } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  DispatchService,
  type WorkRequestSchema,
  type WorkResponse,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { HelloSchema } from '#gen/millrace/state/v1/work_up_pb.ts';
import { incarnationFrom } from '#libs/partition/runs/incarnation.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { RpcAddresses } from '#libs/rpc/server-options.ts';

/** What a worker says first. */
export interface RawWorkerOptions {
  readonly tenantId: string;
  readonly workerId: string;
  /** `workflow@version` each. */
  readonly definitions: readonly string[];
  readonly sessionId?: string;
  readonly queues?: readonly string[];
  readonly tags?: readonly string[];
  /** 1 by default. */
  readonly slots?: number;
  /** The build of each definition. */
  readonly build?: string;
  /** What it says of itself besides. */
  readonly facts?: Pick<HelloInit, 'mode' | 'sdk' | 'tasks' | 'held'>;
}

type HelloInit = Exclude<MessageInitShape<typeof HelloSchema>, { $typeName: string }>;
type Frames = Exclude<MessageInitShape<typeof WorkRequestSchema>, { $typeName: string }>;

/** A worker of which a test sends every frame. Disposing cuts its stream. */
export interface RawWorker extends AsyncDisposable {
  readonly sessionId: string;
  /** Everything that came, in order. */
  readonly received: readonly WorkResponse[];
  send(frames: Frames): void;
  /** Waits until something that came satisfies a condition, and answers it. */
  until<T>(pick: (message: WorkResponse) => T | undefined): Promise<T>;
  /** Waits for the assignment of a run. */
  assigned(runId: string): Promise<Assignment>;
  /** Records a step and waits for its acknowledgement. */
  step(assignment: Assignment, ordinal: number, name?: string, result?: string): Promise<void>;
  /** Completes a function of so many steps and waits until that is settled. */
  complete(assignment: Assignment, stepCount: number, output?: string): Promise<void>;
}

/** How long a test waits for what must come. */
const PATIENCE_MS = 10_000;

/** Connects a worker through the gRPC door; it is welcome when this answers. */
export async function openRawWorker({ grpc }: RpcAddresses, options: RawWorkerOptions): Promise<RawWorker> {
  const channel = createChannel({ address: grpc, token: 'root' });
  const stream = createClient(DispatchService, channel).work();
  const received: WorkResponse[] = [];
  const sessionId = options.sessionId ?? incarnationFrom(Date.now(), randomBytes(10));
  let wake = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const message of stream.messages) {
      received.push(message);
      wake.resolve();
      wake = Promise.withResolvers();
    }
  })().catch(() => undefined);

  async function until<T>(pick: (message: WorkResponse) => T | undefined): Promise<T> {
    const isLate = lateness(AbortSignal.timeout(PATIENCE_MS));
    for (let seen = 0; ; ) {
      for (; seen < received.length; seen += 1) {
        const message = received[seen];
        const found = message === undefined ? undefined : pick(message);
        if (found !== undefined) return found;
      }
      await Promise.race([wake.promise, isLate]);
    }
  }

  function send(frames: Frames): void {
    void stream.send({ tenantId: options.tenantId, ...frames });
  }

  const worker: RawWorker = {
    sessionId,
    received,
    send,
    until,
    assigned: (runId) => until(({ assign }) => assign.findLast((assignment) => assignment.runId === runId)),
    step: async ({ handle }, ordinal, name = 'step', result = '1') => {
      const payload = { value: { case: 'json', value: result } } as const;
      send({ steps: [{ handle, ordinal, name, occurrence: ordinal - 1, record: { case: 'result', value: payload } }] });
      await until(({ ack, reject }) => {
        const refused = reject.find((one) => one.handle === handle);
        if (refused !== undefined) throw new TypeError(`step ${ordinal} was refused: ${refused.message}`);
        return ack.some((one) => one.handle === handle && one.ordinal >= ordinal) ? true : undefined;
      });
    },
    complete: async ({ handle }, stepCount, output = 'null') => {
      send({ complete: [{ handle, stepCount, output: { value: { case: 'json', value: output } } }] });
      await until(({ ack }) => (ack.some((one) => one.handle === handle && one.settled) ? true : undefined));
    },
    [Symbol.asyncDispose]: async () => {
      stream.abort();
      await reading;
      channel.close();
    },
  };
  send({
    hello: {
      workerId: options.workerId,
      sessionId,
      queues: [...(options.queues ?? [])],
      tags: [...(options.tags ?? [])],
      definitions: options.definitions.map((name) => {
        const at = name.lastIndexOf('@');
        return { workflow: name.slice(0, at), version: name.slice(at + 1), build: options.build ?? '' };
      }),
      slots: options.slots ?? 1,
      protocol: 1,
      ...options.facts,
    },
  });
  await until(({ welcome }) => welcome);
  return worker;
}

function lateness(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(new TypeError('what a worker waits for did not come')));
  // Nobody may wait for it any more when it is late.
  promise.catch(() => undefined);
  return promise;
}
