import { createHash } from 'node:crypto';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { UploadPayloadRequest } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';

/** How long after the end of an upload that announced nothing its caller may still turn out to have left. */
const LEAVE_GRACE_MS = 20;

/** The bytes of an upload while they come in. */
export interface UploadBytes {
  /**
   * Yields the bytes once, and ends well only when all that was announced came true.
   *
   * @throws PAYLOAD_TOO_LARGE, INVALID_FIELDS.
   */
  readonly chunks: AsyncGenerator<Uint8Array, void>;
  /** Their SHA-256 in lower-case hexadecimal, once the chunks have ended. */
  readonly sha256: () => string;
}

/**
 * Checks the bytes of an upload against the limit and against what its first message announces. What is known to be
 * wrong is refused before the next byte is read.
 */
export function checkUpload(
  first: UploadPayloadRequest,
  rest: AsyncIterator<UploadPayloadRequest>,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): UploadBytes {
  const announced = first.size === undefined ? undefined : Number(first.size);
  let sha256: string | undefined;

  async function* read(): AsyncGenerator<Uint8Array, void> {
    const hash = createHash('sha256');
    let size = 0;
    assertFits('size', announced ?? 0, maxBytes);
    for await (const { chunk } of messages(first, rest)) {
      size += chunk.length;
      assertFits('chunk', size, maxBytes);
      if (announced !== undefined && size > announced) {
        throw invalid([wrongSize(announced, `at least ${size}`)]);
      }
      hash.update(chunk);
      yield chunk;
    }
    const digest = hash.digest('hex');
    const expected = Buffer.from(first.sha256).toString('hex');
    const violations = [
      ...(announced === undefined || announced === size ? [] : [wrongSize(announced, String(size))]),
      ...(expected === '' || expected === digest
        ? []
        : [{ field: 'sha256', description: `is ${expected}, the bytes have ${digest}` }]),
    ];
    if (violations.length > 0) {
      throw invalid(violations);
    }
    if (announced === undefined && expected === '') {
      await assertCallerStays(signal);
    }
    sha256 = digest;
  }

  return {
    chunks: read(),
    sha256() {
      if (sha256 === undefined) {
        throw new DomainError('INTERNAL', 'the upload has not ended');
      }
      return sha256;
    },
  };
}

/**
 * Some clients end their side of a stream that they give up, and reset it right after. Where nothing tells how much was
 * to come, only the reset tells such an end from a good one.
 */
async function assertCallerStays(signal: AbortSignal): Promise<void> {
  await sleep(LEAVE_GRACE_MS);
  // A busy loop may come to its timers before it has read what arrived.
  await turn();
  signal.throwIfAborted();
}

async function* messages(
  first: UploadPayloadRequest,
  rest: AsyncIterator<UploadPayloadRequest>,
): AsyncGenerator<UploadPayloadRequest, void> {
  let hasEnded = false;
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      assertOnlyBytes(next.value);
      yield next.value;
    }
    hasEnded = true;
  } finally {
    if (!hasEnded) {
      await rest.return?.();
    }
  }
}

function assertOnlyBytes({ uploadId, sha256, size, runId }: UploadPayloadRequest): void {
  const given = {
    upload_id: uploadId !== '',
    sha256: sha256.length > 0,
    size: size !== undefined,
    run_id: runId !== '',
  };
  const violations = Object.entries(given)
    .filter(([, isGiven]) => isGiven)
    .map(([field]) => ({ field, description: 'is for the first message only' }));
  if (violations.length > 0) {
    throw invalid(violations);
  }
}

function assertFits(field: string, size: number, maxBytes: number): void {
  if (size > maxBytes) {
    throw new DomainError('PAYLOAD_TOO_LARGE', `payload has at least ${size} bytes, at most ${maxBytes} are allowed`, {
      metadata: { field, size: String(size), limit: String(maxBytes) },
    });
  }
}

function wrongSize(announced: number, came: string): FieldViolation {
  return { field: 'size', description: `is ${announced}, the bytes are ${came}` };
}

function invalid(violations: readonly FieldViolation[]): DomainError {
  const message = violations.map(({ field, description }) => `${field} ${description}`).join('; ');
  return new DomainError('INVALID_FIELDS', message, { violations });
}
