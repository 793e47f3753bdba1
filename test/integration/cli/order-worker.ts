import type { MessageInitShape } from '@bufbuild/protobuf';
import { DispatchService, type WorkRequestSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';

type Frames = Exclude<MessageInitShape<typeof WorkRequestSchema>, { $typeName: string }>;

/** More than the runs of a test file: a slot that is taken is not given back here. */
const SLOTS = 100;

/** What the input of a run tells the worker to do with it. */
export type OrderInput =
  /** Records so many steps, then completes with `output`. */
  | { readonly do: 'complete'; readonly steps?: number; readonly output?: unknown }
  /** Fails for good. */
  | { readonly do: 'fail' }
  /** Waits for the signal `approved`, then completes. */
  | { readonly do: 'park' }
  /** Never answers. */
  | { readonly do: 'hold' };

/** A worker of the workflow `order`, version 1. Disposing cuts its stream. */
export interface OrderWorker extends AsyncDisposable {
  readonly workerId: string;
}

/** Connects a worker that does what the inputs of runs say; it is welcome when this answers. */
export async function openOrderWorker(address: string, workerId: string): Promise<OrderWorker> {
  const channel = createChannel({ address });
  const stream = createClient(DispatchService, channel).work();
  const welcome = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const message of stream.messages) {
      if (message.welcome !== undefined) {
        welcome.resolve();
      }
      for (const assignment of message.assign) {
        await send(answerOf(assignment));
      }
      for (const { handle, events } of message.wake) {
        if (events.some(({ kind }) => kind.case === 'signalConsumed')) {
          await send({ complete: [{ handle, stepCount: 1, output: jsonOf('approved') }] });
        }
      }
    }
  })().catch((error: unknown) => welcome.reject(error));

  async function send(frames: Frames): Promise<void> {
    await stream.send(frames);
  }

  await send({
    hello: {
      workerId,
      protocol: 1,
      slots: SLOTS,
      sdk: 'test/1.0.0',
      definitions: [{ workflow: 'order', version: '1' }],
    },
    credits: { add: SLOTS },
  });
  await welcome.promise;
  return {
    workerId,
    async [Symbol.asyncDispose]() {
      stream.abort();
      await reading;
      channel.close();
    },
  };
}

function answerOf({ handle, input, stepCount }: Assignment): Frames {
  const asked = inputOf(input);
  switch (asked.do) {
    case 'complete': {
      const count = asked.steps ?? 0;
      const steps = Array.from({ length: count }, (_, index) => ({
        handle,
        ordinal: index + 1,
        name: `step-${index + 1}`,
        record: { case: 'result', value: jsonOf(index) } as const,
      }));
      return { steps, complete: [{ handle, stepCount: count, output: jsonOf(asked.output ?? null) }] };
    }
    case 'fail': {
      const failure = { type: 'CardDeclined', message: 'no funds', nonRetryable: true };
      return { fail: [{ handle, stepCount, failure }] };
    }
    case 'park': {
      const wait = { case: 'signal', value: { name: 'approved' } } as const;
      return stepCount === 0
        ? { park: [{ handle, ordinal: 1, name: 'approval', wait }] }
        : { complete: [{ handle, stepCount, output: jsonOf('approved') }] };
    }
    case 'hold':
      return {};
  }
}

function inputOf(payload: Assignment['input']): OrderInput {
  const { value } = payload ?? {};
  const text =
    value?.case === 'json' ? value.value : value?.case === 'data' ? new TextDecoder().decode(value.value) : '';
  return text === '' ? { do: 'hold' } : (JSON.parse(text) as OrderInput);
}

function jsonOf(value: unknown) {
  return { value: { case: 'json', value: JSON.stringify(value) } } as const;
}
