import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import type { PayloadRef } from '#gen/millrace/common/v1/payload_pb.ts';
import { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { ConflictPolicy } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { atFork, clientCalls, opaque } from '../client-calls.ts';
import { GRPC, ROOT, type ServedState } from '../serve-state.ts';
import { type Leased, leaseOf, unaryCalls } from '../unary-calls.ts';

/** A tenant with something of everything that a request may name. */
export interface World {
  readonly tenantId: string;
  /** An open CLIENT run at the fork of tasks `a`, which worker `w` holds for ever, and `b`; a start replaced another. */
  readonly client: RunOfWorld & { readonly fence: bigint };
  /** A CLIENT run that is COMPLETED. */
  readonly clientEnded: RunOfWorld;
  /** An open SERVER run of function `order` that worker `w-1` holds for a day. */
  readonly server: RunOfWorld & { readonly lease: Leased };
  /** A SERVER run that is COMPLETED, with the lease under which it was. */
  readonly serverEnded: RunOfWorld & { readonly lease: Leased };
  /** A staged upload. */
  readonly upload: PayloadRef;
  /** Item `i` of the CLIENT run in queue `q`, which worker `w` holds for ever. Fence 1: the queues are not built. */
  readonly item: { readonly fence: bigint };
  /** A dead letter. */
  readonly deadLetterId: string;
  /** A token of the tenant. */
  readonly tokenId: string;
}

/** A run, and the incarnation that it was before. */
export interface RunOfWorld {
  readonly runId: string;
  readonly incarnation: string;
  /** Of a start that was replaced. Empty: there is none. */
  readonly replaced: string;
}

const DAY_MS = 86_400_000;
const FOREVER = { case: 'noExpiry', value: true } as const;

/** How many incarnations there are in a world. */
export const INCARNATIONS = 5;

/** Makes a world in a tenant that no other test has. */
export async function createWorld(served: ServedState): Promise<World> {
  const calls = await clientCalls(GRPC, served);
  const { tenantId } = calls;
  const work = await unaryCalls(GRPC, served, tenantId);

  const replaced = await calls.start('c-open');
  const policy = { conflictPolicy: ConflictPolicy.TERMINATE_EXISTING };
  const { run } = await calls.start('c-open', { ...policy, firstTask: { taskId: 'a' } });
  await calls.save('c-open', { position: atFork('a', 'b') });
  const { fence } = await calls.held('c-open', { expiry: FOREVER });

  await calls.start('c-ended', { firstTask: { taskId: 'a' } });
  await calls.save('c-ended', { status: RunStatus.COMPLETED });

  await work.start('s-ended');
  const done = leaseOf(await work.take());
  await work.complete(done, 0);
  await work.start('s-open');
  const lease = leaseOf(await work.take({ ttl: durationFromMs(DAY_MS) }));

  return {
    tenantId,
    client: {
      runId: 'c-open',
      incarnation: run?.incarnation ?? '',
      replaced: replaced.run?.incarnation ?? '',
      fence,
    },
    clientEnded: { runId: 'c-ended', incarnation: '', replaced: '' },
    server: { runId: 's-open', incarnation: lease.incarnation, replaced: '', lease },
    serverEnded: { runId: 's-ended', incarnation: done.incarnation, replaced: '', lease: done },
    upload: await stageUpload(served, tenantId),
    item: await holdItem(served, tenantId),
    deadLetterId: await buryItem(served, tenantId),
    tokenId: await makeToken(served, tenantId),
  };
}

async function stageUpload({ addresses }: ServedState, tenantId: string): Promise<PayloadRef> {
  async function* parts(): AsyncGenerator<{ tenantId: string; uploadId: string; chunk: Uint8Array<ArrayBuffer> }> {
    yield { tenantId, uploadId: 'up', chunk: Uint8Array.of(1, 2, 3) };
  }
  const { ref } = await createClient(PayloadService, GRPC.transport(addresses)).uploadPayload(parts(), ROOT);
  if (ref === undefined) throw new TypeError('an upload has no reference');
  return ref;
}

async function holdItem({ addresses }: ServedState, tenantId: string): Promise<World['item']> {
  const queues = createClient(QueueService, GRPC.transport(addresses));
  const held = await unlessUnbuilt(async () => {
    await queues.enqueueWorkItem({ tenantId, itemId: 'i', runId: 'c-open', queue: 'q', payload: opaque('x') }, ROOT);
    return await queues.claimWorkItem({ tenantId, workerId: 'w', queues: ['q'], expiry: FOREVER }, ROOT);
  });
  return { fence: held?.item?.lease?.fence ?? 1n };
}

async function buryItem({ addresses }: ServedState, tenantId: string): Promise<string> {
  const queues = createClient(QueueService, GRPC.transport(addresses));
  const buried = await unlessUnbuilt(async () => {
    await queues.enqueueWorkItem({ tenantId, itemId: 'dead', queue: 'q' }, ROOT);
    return await queues.moveToDeadLetter({ tenantId, itemId: 'dead', failure: { type: 'Poison' } }, ROOT);
  });
  return buried?.deadLetter?.deadLetterId ?? 'dead';
}

async function makeToken({ addresses }: ServedState, tenantId: string): Promise<string> {
  const tokens = createClient(TokenService, GRPC.transport(addresses));
  const made = await unlessUnbuilt(() => tokens.createToken({ tenantId, name: 't', role: Role.WORKER }, ROOT));
  return made?.token?.tokenId ?? 'token';
}

/** What a call answers; undefined where it is not built. */
async function unlessUnbuilt<T>(call: () => Promise<T>): Promise<T | undefined> {
  let answer: T | undefined;
  const asked = call().then((given) => {
    answer = given;
  });
  const failed = await asked.then(
    () => undefined,
    () => failureOf(asked),
  );
  if (failed !== undefined && failed.reason !== 'NOT_BUILT') throw new TypeError(failed.message);
  return answer;
}
