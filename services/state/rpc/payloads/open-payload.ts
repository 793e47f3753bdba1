import { DomainError } from '#libs/errors/domain-error.ts';
import type { BlobInfo, BlobKey, Blobs } from '#libs/store/blobs/blobs.ts';
import type { StateStore, StateTables } from '#libs/store/store.ts';

/** How often a blob that is replaced while it is opened is opened again. */
const MAX_ATTEMPTS = 3;

/** Which payload is wanted. */
export interface WantedPayload {
  readonly tenantId: string;
  /** In lower-case hexadecimal. */
  readonly sha256: string;
  /** The upload that stages it; empty: the one that is called like its hash. */
  readonly uploadId: string;
  /** The run that it belongs to; empty: it is staged. */
  readonly runId: string;
  /** Which start of the run; empty: the newest. */
  readonly incarnation: string;
}

/** A payload that is about to be read. */
export interface OpenPayload {
  readonly size: number;
  /**
   * The bytes.
   *
   * @throws DATA_CORRUPTION before a chunk that is not what was stored.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Opens a payload of a run, or a staged one. An upload that holds other bytes than the reference names is not the one
 * that is meant.
 *
 * @throws PAYLOAD_NOT_FOUND, RUN_NOT_FOUND.
 */
export async function openPayload(
  { blobs, tables }: StateStore,
  wanted: WantedPayload,
  signal: AbortSignal,
): Promise<OpenPayload> {
  const { tenantId, sha256, uploadId, runId } = wanted;
  const key: BlobKey =
    runId === ''
      ? { kind: 'upload', tenantId, uploadId: uploadId || sha256 }
      : { kind: 'payload', tenantId, runId, incarnation: await incarnationOf(tables, wanted), sha256 };
  const found = await openBlob(blobs, key, sha256, signal);
  if (found !== undefined) {
    return { size: found.info.size, chunks: found.chunks };
  }
  if (key.kind === 'payload' && wanted.incarnation !== '') {
    await assertIncarnation(tables, key);
  }
  throw new DomainError('PAYLOAD_NOT_FOUND', 'no such payload', { metadata: { sha256, run_id: runId } });
}

/** Opens a blob that holds what is wanted: looked at before and after, for it may be replaced in between. */
async function openBlob(
  blobs: Blobs,
  key: BlobKey,
  sha256: string,
  signal: AbortSignal,
): Promise<{ readonly info: BlobInfo; readonly chunks: AsyncIterable<Uint8Array> } | undefined> {
  let info = await blobs.stat(key);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    if (info === undefined || info.sha256 !== sha256) {
      return undefined;
    }
    const chunks = await blobs.get(key, signal);
    const after = await blobs.stat(key);
    if (chunks !== undefined && after?.putId === info.putId) {
      return { info, chunks };
    }
    info = after;
  }
  throw new DomainError('UNAVAILABLE', 'the payload is being replaced');
}

async function incarnationOf(tables: StateTables, { tenantId, runId, incarnation }: WantedPayload): Promise<string> {
  if (incarnation !== '') {
    return incarnation;
  }
  const head = await tables.readHead({ tenantId, runId });
  if (head === undefined) {
    throw runNotFound(runId);
  }
  return head.incarnation;
}

async function assertIncarnation(
  tables: StateTables,
  key: { readonly tenantId: string; readonly runId: string; readonly incarnation: string },
): Promise<void> {
  const head = await tables.readHead(key);
  if (head?.incarnation !== key.incarnation && (await tables.readPastHead(key)) === undefined) {
    throw runNotFound(key.runId);
  }
}

function runNotFound(runId: string): DomainError {
  return new DomainError('RUN_NOT_FOUND', 'no such run', { metadata: { run_id: runId } });
}
