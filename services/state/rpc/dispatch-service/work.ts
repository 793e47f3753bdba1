import { create } from '@bufbuild/protobuf';
import { type WorkRequest, type WorkResponse, WorkResponseSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { BidiHandler, PingedHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { onceAborted } from '../streams.ts';
import { openWorkSession } from '../work/work-session.ts';

/** DispatchService.Work: the stream of a worker. */
export function createWork(context: StateContext): PingedHandler<BidiHandler<WorkRequest, WorkResponse>, WorkResponse> {
  return {
    ping: () => create(WorkResponseSchema, { ping: {} }),
    async handle(requests, call, out) {
      const { promise: isCut, reject: cut } = Promise.withResolvers<never>();
      const messages = requests[Symbol.asyncIterator]();
      const serve = async (): Promise<void> => {
        const first = await messages.next();
        if (first.done === true) return;
        const session = await openWorkSession(context, call, first.value, out, cut);
        const stopListening = onceAborted(call.goAway, () => {
          void out.send(create(WorkResponseSchema, { goAway: { reason: 'the stream is to end' } }));
        });
        try {
          for (let next = await messages.next(); next.done !== true; next = await messages.next()) {
            const pending = session.handle(next.value);
            if (pending !== undefined) await pending;
          }
        } finally {
          stopListening();
          session.end();
        }
      };
      try {
        await Promise.race([serve(), isCut]);
      } finally {
        await messages.return?.();
      }
    },
  };
}
