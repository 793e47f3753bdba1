import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type WorkRequest,
  WorkRequestSchema,
  type WorkResponse,
  WorkResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { BidiStream } from '#libs/rpc/client/client.ts';
import type { TestDispatch, TestStream } from './test-dispatch.ts';

/**
 * A stream of a worker to the dispatch of the tests without a network: bytes both ways, in order, each a turn later, or so
 * many more as `lateTurns` says.
 */
export function openMemoryStream(
  dispatch: TestDispatch,
  lateTurns: () => number = () => 0,
): BidiStream<typeof WorkRequestSchema, typeof WorkResponseSchema> {
  const arrived: WorkResponse[] = [];
  const down = createWay(lateTurns);
  const up = createWay(lateTurns);
  let stream: TestStream | undefined;
  let isOver = false;
  let wake: (() => void) | undefined;

  function receive(message: WorkResponse): void {
    const bytes = toBinary(WorkResponseSchema, message);
    down(() => {
      arrived.push(fromBinary(WorkResponseSchema, bytes));
      wake?.();
    });
  }

  function take(request: WorkRequest): void {
    if (isOver) return;
    if (request.hello !== undefined) stream = dispatch.greet(request.hello, receive);
    else if (stream !== undefined) dispatch.handle(stream, request);
  }

  function end(): void {
    isOver = true;
    if (stream !== undefined) dispatch.leave(stream);
    wake?.();
  }

  async function* messages(): AsyncGenerator<WorkResponse, undefined> {
    while (!isOver) {
      const message = arrived.shift();
      if (message !== undefined) {
        yield message;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    return undefined;
  }

  return {
    send: (request) => {
      const bytes = toBinary(WorkRequestSchema, request as WorkRequest);
      up(() => take(fromBinary(WorkRequestSchema, bytes)));
      return undefined;
    },
    messages: messages(),
    close: end,
    abort: end,
    async [Symbol.asyncDispose]() {
      end();
    },
  };
}

/** One direction of a stream: what goes this way arrives in its order. */
function createWay(lateTurns: () => number): (arrive: () => void) => void {
  const underWay: (() => void)[] = [];

  function next(turns: number): void {
    setImmediate(() => {
      if (turns > 0) {
        next(turns - 1);
        return;
      }
      underWay.shift()?.();
      if (underWay.length > 0) next(lateTurns());
    });
  }

  return (arrive) => {
    underWay.push(arrive);
    if (underWay.length === 1) next(lateTurns());
  };
}
