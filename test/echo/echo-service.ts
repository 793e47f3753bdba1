import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  ChatResponseSchema,
  CollectResponseSchema,
  CountResponseSchema,
  EchoResponseSchema,
  EchoService,
  RepeatResponseSchema,
} from '#gen/millrace/test/v1/echo_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Reason } from '#libs/errors/reasons.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';

/** What a test may see of an echo service. */
export interface EchoState {
  /** The sum of all counts. */
  total: bigint;
  /** How often Count was carried out. */
  counted: number;
  /** Answers once a handler waits for as long as it was told to. */
  readonly waits: Promise<void>;
  /** Reasons of the signals that aborted while a handler waited. */
  readonly aborted: unknown[];
}

/** A fresh service with its state. */
export function createEchoService(): { readonly binding: ServiceBinding; readonly state: EchoState } {
  const waiting = Promise.withResolvers<void>();
  const state: EchoState = { total: 0n, counted: 0, waits: waiting.promise, aborted: [] };
  const binding = bindService(EchoService, {
    async echo(request, context) {
      const { id, priority, tags, delay, fail } = request;
      if (delay !== undefined) {
        waiting.resolve();
        await sleep(durationMs(delay), undefined, { signal: context.signal }).catch(() => {
          state.aborted.push(context.signal.reason);
        });
      }
      if (fail === 'throw') {
        throw new TypeError('a secret of the inside');
      }
      if (fail !== '') {
        throw new DomainError(fail as Reason, `asked to fail with ${fail}`, { metadata: { asked: 'yes' } });
      }
      const { tenantId, requestId, trace } = context;
      const traceparent = trace?.traceparent ?? '';
      return create(EchoResponseSchema, { id, priority, tags, tenantId, requestId, traceparent });
    },
    count({ count, failTimes }) {
      state.counted += 1;
      state.total += BigInt(count);
      if (state.counted <= failTimes) {
        throw new DomainError('UNAVAILABLE', 'asked to be away', { retryAfterMs: 5 });
      }
      return create(CountResponseSchema, { total: state.total });
    },
    repeat: {
      ping: () => create(RepeatResponseSchema, { ping: true }),
      async handle({ count, size }, context, out) {
        const filling = new Uint8Array(size);
        for (let number = 1; number <= count && !context.signal.aborted; number += 1) {
          await out.send(create(RepeatResponseSchema, { number, filling }));
        }
      },
    },
    async collect(requests) {
      let messages = 0;
      let bytes = 0n;
      for await (const { data } of requests) {
        messages += 1;
        bytes += BigInt(data.length);
      }
      return create(CollectResponseSchema, { messages, bytes });
    },
    chat: {
      ping: () => create(ChatResponseSchema, { ping: true }),
      async handle(requests, context, out) {
        context.goAway.addEventListener('abort', () => {
          void out.send(create(ChatResponseSchema, { goAway: true }));
        });
        for await (const { frames } of requests) {
          const room = out.send(create(ChatResponseSchema, { frames }));
          if (room !== undefined) {
            await room;
          }
        }
      },
    },
  });
  return { binding, state };
}
