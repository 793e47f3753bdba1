import fc from 'fast-check';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { PartitionEvent } from '../partition-event.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const bytes = fc.uint8Array({ maxLength: 60 });
const number = fc.maxSafeNat();
const incarnation = fc.uuid({ version: 7 });
const run = { tenantId: text, runId: text };

const payload: fc.Arbitrary<Payload | undefined> = fc.option(
  fc.record({
    contentType: text,
    encodings: fc.array(text, { maxLength: 2 }),
    data: fc.option(bytes, { nil: undefined }),
    ref: fc.option(fc.record({ sha256: bytes, size: number }), { nil: undefined }),
  }),
  { nil: undefined },
);

/** Random events of each kind. */
export const eventsByKind: {
  readonly [K in PartitionEvent['kind']]: fc.Arbitrary<Extract<PartitionEvent, { readonly kind: K }>>;
} = {
  messageQueued: fc.record({
    kind: fc.constant('messageQueued'),
    targetPartition: number,
    number,
    body: bytes,
  }),
  messagesAcknowledged: fc.record({
    kind: fc.constant('messagesAcknowledged'),
    targetPartition: number,
    upTo: number,
  }),
  messageApplied: fc.record({ kind: fc.constant('messageApplied'), sourcePartition: number, number }),
  requestAnswered: fc.record({
    kind: fc.constant('requestAnswered'),
    ...run,
    rpc: text,
    requestId: text,
    argumentsHash: bytes,
    reply: bytes,
    expireTime: number,
  }),
  signalUnborn: fc.record({
    kind: fc.constant('signalUnborn'),
    ...run,
    name: text,
    signalId: fc.oneof(text, incarnation),
    payload,
    sendTime: number,
    expireTime: number,
  }),
  unbornTaken: fc.record({ kind: fc.constant('unbornTaken'), ...run }),
  runQuarantined: fc.record({
    kind: fc.constant('runQuarantined'),
    ...run,
    incarnation,
    message: text,
    time: number,
  }),
  runReleased: fc.record({ kind: fc.constant('runReleased'), ...run }),
  runDeleted: fc.record({ kind: fc.constant('runDeleted'), ...run, incarnation }),
  divergenceNoted: fc.record({
    kind: fc.constant('divergenceNoted'),
    ...run,
    incarnation,
    workflow: text,
    version: text,
    build: text,
  }),
  divergenceLifted: fc.record({ kind: fc.constant('divergenceLifted'), ...run }),
};

/** A random event of any kind. */
export const partitionEvents: fc.Arbitrary<PartitionEvent> = fc.oneof(...Object.values(eventsByKind));
