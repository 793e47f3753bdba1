import { fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type WorkRequest,
  WorkRequestSchema,
  type WorkResponse,
  WorkResponseSchema,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { BidiStream } from '#libs/rpc/client/client.ts';
import type { TestDispatch, TestStream } from './test-dispatch.ts';

/** A stream of a worker to the dispatch of the tests without a network: bytes both ways, each a turn later. */
export function openMemoryStream(
  dispatch: TestDispatch,
): BidiStream<typeof WorkRequestSchema, typeof WorkResponseSchema> {
  const arrived: WorkResponse[] = [];
  let stream: TestStream | undefined;
  let isOver = false;
  let wake: (() => void) | undefined;

  function receive(message: WorkResponse): void {
    const bytes = toBinary(WorkResponseSchema, message);
    setImmediate(() => {
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
      setImmediate(() => take(fromBinary(WorkRequestSchema, bytes)));
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
