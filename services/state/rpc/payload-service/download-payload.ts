import { create } from '@bufbuild/protobuf';
import {
  type DownloadPayloadRequest,
  type DownloadPayloadResponse,
  DownloadPayloadResponseSchema,
} from '#gen/millrace/state/v1/payload_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { PingedHandler, ServerStreamHandler } from '#libs/rpc/handler.ts';
import type { IncarnationKey, RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { openPayload } from '../payloads/open-payload.ts';
import { itemNotFound } from '../queues/change-item.ts';
import { itemPlaceOf } from '../queues/item-key.ts';

/**
 * PayloadService.DownloadPayload: streams the bytes of a payload of a run, of a free item, or of a staged one. No chunk leaves before it
 * was found to be what was stored. A stream that is sent away says so after a chunk: its caller comes back with the
 * offset that it has reached.
 */
export function createDownloadPayload(
  context: StateContext,
): PingedHandler<ServerStreamHandler<DownloadPayloadRequest, DownloadPayloadResponse>, DownloadPayloadResponse> {
  return {
    ping: () => create(DownloadPayloadResponseSchema, { ping: {} }),
    async handle(request, { tenantId, signal, goAway }, out) {
      const { ref, offset: from } = request;
      const wanted = {
        sha256: Buffer.from(ref?.sha256 ?? []).toString('hex'),
        uploadId: ref?.uploadId ?? '',
        ...(await ownerOf(context, tenantId, request)),
      };
      const { size, chunks } = await openPayload(context.store, wanted, signal);
      assertOffset(from, size);
      let offset = 0;
      for await (const bytes of chunks) {
        // What lies before the offset is read all the same: the hash of the whole is checked at its end.
        const skipped = Math.min(bytes.length, Math.max(0, Number(from) - offset));
        const chunk = bytes.subarray(skipped);
        const start = BigInt(offset + skipped);
        offset += bytes.length;
        if (chunk.length > 0) {
          await out.send(create(DownloadPayloadResponseSchema, { chunk, offset: start }));
          if (goAway.aborted && offset < size) {
            await out.send(create(DownloadPayloadResponseSchema, { goAway: { reason: 'the stream is to end' } }));
            return;
          }
        }
      }
    },
  };
}

/** The free item that a request names, by which it is forwarded: its hidden run is asked which incarnation it has. */
export function byFreeItem({ runId, itemId }: DownloadPayloadRequest, { tenantId }: CallContext): RunKey | undefined {
  return runId !== '' || itemId === '' ? undefined : itemPlaceOf(tenantId, { runId, itemId }).key;
}

async function ownerOf(
  { node }: StateContext,
  tenantId: string,
  { runId, incarnation, itemId }: DownloadPayloadRequest,
): Promise<IncarnationKey> {
  if (runId !== '' || itemId === '') return { tenantId, runId, incarnation };
  const { key } = itemPlaceOf(tenantId, { runId, itemId });
  const newest = await ask(node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot }) => hot?.identity.incarnation,
  });
  if (newest === undefined) throw itemNotFound({ runId, itemId });
  return { ...key, incarnation: newest };
}

function assertOffset(offset: bigint, size: number): void {
  if (offset > BigInt(size)) {
    const description = `must be at most the payload's ${size} bytes, not ${offset}`;
    throw new DomainError('INVALID_FIELDS', `offset ${description}`, {
      violations: [{ field: 'offset', description }],
    });
  }
}
