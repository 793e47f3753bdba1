import { create } from '@bufbuild/protobuf';
import {
  type SessionRequest,
  type SessionResponse,
  SessionResponseSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import type { BidiHandler, PingedHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { createRunSession, type RunSession } from '../session/run-session.ts';
import { onceAborted } from '../streams.ts';
import { createDownBatch } from '../work/down-batch.ts';

/** RunService.Session: starts, waits, signals and controls of a busy client over one stream. */
export function createSession(
  context: StateContext,
): PingedHandler<BidiHandler<SessionRequest, SessionResponse>, SessionResponse> {
  return {
    ping: () => create(SessionResponseSchema, { ping: {} }),
    async handle(requests, call, out) {
      const { promise: isCut, reject: cut } = Promise.withResolvers<never>();
      const batch = createDownBatch(out, () => create(SessionResponseSchema), cut);
      let session: RunSession | undefined;
      const stopListening = onceAborted(call.goAway, () => {
        void out.send(create(SessionResponseSchema, { goAway: { reason: 'the stream is to end' } }));
      });
      const serve = async (): Promise<void> => {
        for await (const message of requests) {
          // Not before: the first message names the tenant.
          session ??= createRunSession(context, call, batch);
          session.handle(message);
        }
      };
      try {
        await Promise.race([serve(), isCut]);
      } finally {
        stopListening();
        session?.end();
      }
    },
  };
}
