import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import { type PartitionState, requestScope } from '#libs/partition/state/partition-state.ts';
import { type KeptRequest, unpackRequest } from '#libs/partition/state/request-row.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { StateTables } from '#libs/store/store.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { RequestIdKey } from '#libs/store/tables/request-ids.ts';
import type { StateContext } from '../context.ts';
import { createKeyLocks, type KeyLocks } from '../payloads/key-locks.ts';
import { assertSameRequest, REQUEST_ID_MS } from '../runs/request-ids.ts';
import { takeTurn } from '../unary-work/take-turn.ts';
import { untilDurable } from '../unary-work/until-durable.ts';

/** A call about no run in particular that may be repeated. */
export interface TenantRequest<D extends DescMessage> {
  readonly rpc: string;
  /** Empty: it is not asked for again. */
  readonly requestId: string;
  /** A hash of everything that the request says besides. */
  readonly argumentsHash: Uint8Array;
  readonly response: D;
  readonly act: () => Promise<MessageShape<D>>;
  /** Whether a repeat gets this answer. One that it does not get is asked for anew. */
  readonly isKept: (answer: MessageShape<D>) => boolean;
  /** Takes back what an answer stands for that could not be kept. */
  readonly undo?: (answer: MessageShape<D>) => void;
}

/** Answers calls about no run once. */
export type OnceInTenant = <D extends DescMessage>(
  call: Pick<CallContext, 'tenantId' | 'signal'>,
  request: TenantRequest<D>,
) => Promise<MessageShape<D>>;

/**
 * The partition that keeps the answer to a call about no run: the request id decides it, so that every repeat comes to the
 * same owner, whichever node is asked. Undefined: nothing is kept.
 */
export function byRequestId(
  { requestId }: { readonly requestId: string },
  { tenantId }: Pick<CallContext, 'tenantId'>,
): RunKey | undefined {
  return requestId === '' ? undefined : { tenantId, runId: requestId };
}

/**
 * Makes what answers a call about no run once: a repeat with the same request id gets the first answer, also after a
 * fail-over. [journal.md 21]
 *
 * @throws REQUEST_ID_REUSED, and what `act` throws.
 */
export function createOnceInTenant(context: StateContext): OnceInTenant {
  const locks: KeyLocks = createKeyLocks();
  return async ({ tenantId, signal }, request) => {
    const { rpc, requestId, argumentsHash, response } = request;
    const key = byRequestId({ requestId }, { tenantId });
    if (key === undefined) return await act(request);
    const partition = context.node.partitionOf(key);
    const name = { ...key, rpc, requestId };
    const giveTurnOn = await takeTurn(locks, requestScope(name), signal);
    try {
      const known = await maybeKept(context, partition.state, name);
      if (known !== undefined) {
        assertSameRequest(known.argumentsHash, argumentsHash, requestId);
        await untilDurable(partition);
        return fromBinary(response, known.reply);
      }
      const answer = await act(request);
      if (!request.isKept(answer)) return answer;
      const expireTime = context.nowMs() + REQUEST_ID_MS;
      try {
        partition.record({
          kind: 'requestAnswered',
          ...name,
          argumentsHash,
          reply: toBinary(response, answer),
          expireTime,
        });
        await untilDurable(partition);
      } catch (error) {
        request.undo?.(answer);
        throw error;
      }
      return answer;
    } finally {
      giveTurnOn();
    }
  };
}

/** Does what is asked for. It may be about any partition: that one of them moves is nothing that its caller knows of. */
async function act<D extends DescMessage>(request: TenantRequest<D>): Promise<MessageShape<D>> {
  try {
    return await request.act();
  } catch (error) {
    if (!(error instanceof DomainError) || error.reason !== 'NOT_OWNER') throw error;
    throw new DomainError('UNAVAILABLE', error.message, { retryAfterMs: error.retryAfterMs ?? 0, cause: error });
  }
}

/** The answer that a request had, in the memory of a partition or in the tables. */
export async function maybeKept(
  {
    store,
    nowMs,
  }: { readonly store: { readonly tables: Pick<StateTables, 'readRequestId'> }; readonly nowMs: () => number },
  { requests }: Pick<PartitionState, 'requests'>,
  name: RequestIdKey,
): Promise<KeptRequest | undefined> {
  const known = requests.get(requestScope(name));
  if (known !== undefined) return known.expireTime > nowMs() ? known : undefined;
  const row = await store.tables.readRequestId(name);
  return row === undefined || row.expireTime <= nowMs() ? undefined : unpackRequest(row);
}
