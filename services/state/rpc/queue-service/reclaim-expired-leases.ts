import { create } from '@bufbuild/protobuf';
import {
  type ReclaimExpiredLeasesRequest,
  ReclaimExpiredLeasesRequestSchema,
  type ReclaimExpiredLeasesResponse,
  ReclaimExpiredLeasesResponseSchema,
} from '#gen/millrace/state/v1/queue_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { maybePart, partClient } from '../part-of-call.ts';
import { expireHere } from '../queues/expire-here.ts';
import { byRequestId, createOnceInTenant } from '../queues/once-in-tenant.ts';
import { DEFAULT_PAGE_SIZE } from '../reads/page-limits.ts';
import { requestDigest } from '../unary-work/request-digest.ts';

/** Names the partition that keeps the answer; a part of the work of another node stays where it comes to. */
export function keyOfReclaim(request: ReclaimExpiredLeasesRequest, call: CallContext): RunKey | undefined {
  return maybePart(call) === undefined ? byRequestId(request, call) : undefined;
}

/** QueueService.ReclaimExpiredLeases: runs the one path of expiry now, on every node. */
export function createReclaimExpiredLeases(
  context: StateContext,
): UnaryHandler<ReclaimExpiredLeasesRequest, ReclaimExpiredLeasesResponse> {
  const once = createOnceInTenant(context);

  async function reclaimHere(
    { queues }: ReclaimExpiredLeasesRequest,
    { tenantId, signal }: CallContext,
    limit: number,
  ): Promise<ReclaimExpiredLeasesResponse> {
    const { retryable, exhausted, more } = await expireHere(context, {
      tenantId,
      queues: new Set(queues),
      limit,
      signal,
    });
    return create(ReclaimExpiredLeasesResponseSchema, { retryable: [...retryable], exhausted: [...exhausted], more });
  }

  async function reclaimAt(
    address: string,
    request: ReclaimExpiredLeasesRequest,
    call: CallContext,
    pageSize: number,
  ): Promise<ReclaimExpiredLeasesResponse> {
    const client = partClient(context, address, call, { kind: 'take', id: 'expired' });
    try {
      const { tenantId } = call;
      return await client.reclaimExpiredLeases({ ...request, tenantId, requestId: '', pageSize }, { parent: call });
    } catch (error) {
      if (!(error instanceof DomainError) || call.signal.aborted) throw error;
      // It runs by itself there too, and whoever takes its partitions runs it anew.
      context.log.debug({ err: error, address }, 'a node did not answer what has expired');
      return create(ReclaimExpiredLeasesResponseSchema);
    }
  }

  async function reclaim(
    request: ReclaimExpiredLeasesRequest,
    call: CallContext,
  ): Promise<ReclaimExpiredLeasesResponse> {
    const limit = request.pageSize || DEFAULT_PAGE_SIZE;
    const sum = await reclaimHere(request, call, limit);
    for (const { address } of context.cluster.others()) {
      const left = limit - sum.retryable.length - sum.exhausted.length;
      if (left <= 0) return { ...sum, more: true };
      const { retryable, exhausted, more } = await reclaimAt(address, request, call, left);
      sum.retryable.push(...retryable);
      sum.exhausted.push(...exhausted);
      sum.more ||= more;
    }
    return sum;
  }

  return async (request, call) => {
    if (maybePart(call) !== undefined) return await reclaimHere(request, call, request.pageSize);
    return await once(call, {
      rpc: 'ReclaimExpiredLeases',
      requestId: request.requestId,
      argumentsHash: requestDigest(ReclaimExpiredLeasesRequestSchema, request),
      response: ReclaimExpiredLeasesResponseSchema,
      act: async () => await reclaim(request, call),
      isKept: () => true,
    });
  };
}
