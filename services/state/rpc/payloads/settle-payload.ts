import { createHash } from 'node:crypto';
import type { Payload as PayloadProto } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { StateStore } from '#libs/store/store.ts';
import { plainTenant } from '#libs/store/tables/free-tenant.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import type { Access } from '../access/access.ts';
import { withinPayloadLimit } from '../access/tenant-limits.ts';
import { openPayload } from './open-payload.ts';

/** Larger payloads go to the blob store: what is left in the journal stays small and cheap to copy. */
const INLINE_BYTES: number = 64 * 1024;

/** What keeping a payload needs. */
export interface SettleContext {
  readonly store: StateStore;
  readonly access: Pick<Access, 'tenants' | 'startRates'>;
  readonly maxPayloadBytes: number;
  readonly nowMs: () => number;
}

/** Whether a payload of a request has to be brought into the blob store before its command is decided. [journal.md 25] */
export function needsSettling(payload: PayloadProto | undefined): boolean {
  if (payload === undefined) return false;
  const { value } = payload;
  switch (value.case) {
    case 'data':
      return value.value.length > INLINE_BYTES;
    case 'json':
      return value.value.length > INLINE_BYTES;
    case 'ref':
      return true;
    case undefined:
      return false;
  }
}

/**
 * Brings a payload into the blobs of an incarnation: a staged upload is copied, a large one is put there.
 *
 * @throws PAYLOAD_NOT_FOUND for an upload that is not there, PAYLOAD_TOO_LARGE, QUOTA_EXCEEDED.
 */
export async function settlePayload(
  context: SettleContext,
  owner: IncarnationKey,
  payload: PayloadProto,
  signal: AbortSignal,
): Promise<Payload> {
  const { contentType, encodings, value } = payload;
  switch (value.case) {
    case 'ref': {
      const { sha256, uploadId } = value.value;
      const hex = Buffer.from(sha256).toString('hex');
      const tenantId = plainTenant(owner.tenantId);
      const wanted = { tenantId, sha256: hex, uploadId, runId: '', incarnation: '' };
      const { size, chunks } = await openPayload(context.store, wanted, signal);
      await put(context, owner, hex, chunks, signal);
      return { contentType, encodings, data: undefined, ref: { sha256, size } };
    }
    case 'data':
      return await settleBytes(context, owner, { contentType, encodings }, value.value, signal);
    case 'json': {
      const described = { contentType: '', encodings };
      return await settleBytes(context, owner, described, Buffer.from(value.value), signal);
    }
    case undefined:
      return { contentType, encodings, data: undefined, ref: undefined };
  }
}

async function settleBytes(
  context: SettleContext,
  owner: IncarnationKey,
  described: Pick<Payload, 'contentType' | 'encodings'>,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<Payload> {
  if (bytes.length <= INLINE_BYTES) return { ...described, data: bytes, ref: undefined };
  const sha256 = createHash('sha256').update(bytes).digest();
  await put(context, owner, sha256.toString('hex'), only(bytes), signal);
  return { ...described, data: undefined, ref: { sha256, size: bytes.length } };
}

async function put(
  context: SettleContext,
  { tenantId, runId, incarnation }: IncarnationKey,
  sha256: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const { store, nowMs } = context;
  const key = { kind: 'payload', tenantId, runId, incarnation, sha256 } as const;
  if ((await store.blobs.stat(key)) !== undefined) return;
  const info = await withinPayloadLimit(context, plainTenant(tenantId), (maxBytes) =>
    store.blobs.put(key, chunks, { maxBytes, signal, now: nowMs() }),
  );
  if (info.sha256 !== sha256) {
    await store.blobs.delete(key, info.putId);
    throw new DomainError('DATA_CORRUPTION', 'the stored bytes are not those of the reference');
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
