import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type UploadPayloadRequest,
  type UploadPayloadResponse,
  UploadPayloadResponseSchema,
} from '#gen/millrace/state/v1/payload_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { ClientStreamHandler } from '#libs/rpc/handler.ts';
import type { BlobInfo } from '#libs/store/blobs/blobs.ts';
import { withinPayloadLimit } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { createKeyLocks } from '../payloads/key-locks.ts';
import { STAGED_MS, type StageOptions, stageUpload, type UploadKey } from '../payloads/stage-upload.ts';
import { checkUpload, type UploadBytes } from '../payloads/upload-bytes.ts';

/**
 * PayloadService.UploadPayload: stages bytes under an id for a command to name. Nothing of an upload that fails or is
 * given up can be read.
 */
export function createUploadPayload(
  context: StateContext,
): ClientStreamHandler<UploadPayloadRequest, UploadPayloadResponse> {
  const locks = createKeyLocks();
  return async (requests, call) => {
    const messages = requests[Symbol.asyncIterator]();
    const { done, value: first } = await messages.next();
    if (done === true) {
      throw new DomainError('MALFORMED', 'the request is missing');
    }
    assertUploadId(first.uploadId);
    const { nowMs } = context;
    const { tenantId, signal } = call;
    const uploadId = first.uploadId || Buffer.from(first.sha256).toString('hex');
    return await withinPayloadLimit(context, tenantId, async (maxBytes) => {
      const options: StageOptions = { maxBytes, signal, nowMs, locks };
      const bytes = checkUpload(first, messages, options);
      const info =
        uploadId === ''
          ? await stageUnnamed(context, tenantId, bytes, options)
          : await stageUpload(context.store.blobs, { kind: 'upload', tenantId, uploadId }, bytes, options);
      return responseFrom(info);
    });
  };
}

/**
 * Stages bytes whose id is their hash, which is known only at their end: under an id that nobody knows first, and from
 * there under their own. What a crash leaves of the first is swept.
 */
async function stageUnnamed(
  { store: { blobs }, newId }: StateContext,
  tenantId: string,
  bytes: UploadBytes,
  options: StageOptions,
): Promise<BlobInfo> {
  const { maxBytes, signal, nowMs } = options;
  const unnamed: UploadKey = { kind: 'upload', tenantId, uploadId: `unnamed/${newId()}` };
  await blobs.put(unnamed, bytes.chunks, { maxBytes, signal, now: nowMs() });
  try {
    const chunks = await blobs.get(unnamed, signal);
    if (chunks === undefined) {
      throw new DomainError('UNAVAILABLE', 'the upload was removed while it was staged');
    }
    const key: UploadKey = { kind: 'upload', tenantId, uploadId: bytes.sha256() };
    return await stageUpload(blobs, key, { chunks, sha256: bytes.sha256 }, options);
  } finally {
    await blobs.delete(unnamed).catch(() => undefined);
  }
}

function assertUploadId(uploadId: string): void {
  if (uploadId.includes('\0')) {
    const description = 'must have no NUL';
    throw new DomainError('INVALID_FIELDS', `upload_id ${description}`, {
      violations: [{ field: 'upload_id', description }],
    });
  }
}

function responseFrom({ key, sha256, size, createTime }: BlobInfo): UploadPayloadResponse {
  const uploadId = key.kind === 'upload' ? key.uploadId : '';
  return create(UploadPayloadResponseSchema, {
    ref: { sha256: Buffer.from(sha256, 'hex'), size: BigInt(size), uploadId },
    uploadId,
    expireTime: timestampFromMs(createTime + STAGED_MS),
  });
}
