import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { MAX_INLINE_BYTES } from '#libs/work-loop/values/payload.ts';

/** Bytes of a message of an upload. */
const CHUNK_BYTES = 512 * 1024;

/** The run that a payload belongs to. */
export interface PayloadOwner {
  readonly runId: string;
  /** Empty: the newest. */
  readonly incarnation: string;
}

/** Moves payloads that are too large for a message. */
export interface LargePayloads {
  /** Whether a payload is too large for a message. */
  isLarge(payload: Payload): boolean;
  /** The payload as it goes into a message: itself, or where it is large what names it once it is uploaded. */
  settle(payload: Payload | undefined, runId: string, signal?: AbortSignal): Payload | undefined | Promise<Payload>;
  /** Puts the bytes that a payload names into it. */
  load(payload: Payload, owner: PayloadOwner, signal?: AbortSignal): Promise<void>;
}

/** Moves payloads over a channel. */
export function createLargePayloads(channel: RpcChannel, tenantId: string): LargePayloads {
  const client = createClient(PayloadService, channel);

  async function upload(payload: Payload, bytes: Uint8Array, runId: string, signal?: AbortSignal): Promise<Payload> {
    await using stream = client.uploadPayload(signal === undefined ? {} : { signal });
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      await stream.send(at === 0 ? { tenantId, runId, size: BigInt(bytes.length), chunk } : { chunk });
    }
    const { ref, uploadId } = await stream.finish();
    if (ref === undefined) throw new DomainError('INTERNAL', 'the server does not name what was uploaded');
    return { ...payload, value: { case: 'ref', value: { ...ref, uploadId } } };
  }

  return {
    isLarge,
    settle: (payload, runId, signal) =>
      payload?.value.case === 'data' && isLarge(payload)
        ? upload(payload, payload.value.value, runId, signal)
        : payload,
    load: async (payload, { runId, incarnation }, signal) => {
      if (payload.value.case !== 'ref') return;
      const ref = payload.value.value;
      const bytes = Buffer.alloc(Number(ref.size));
      let filled = 0;
      for await (const { chunk } of client.downloadPayload(
        { tenantId, ref, runId, incarnation },
        signal === undefined ? {} : { signal },
      )) {
        bytes.set(chunk, filled);
        filled += chunk.length;
      }
      if (filled !== bytes.length) {
        throw new DomainError('UNAVAILABLE', `a payload of ${bytes.length} bytes ended after ${filled}`);
      }
      payload.value = { case: 'data', value: bytes };
    },
  };
}

function isLarge({ value }: Payload): boolean {
  return value.case === 'data' && value.value.length > MAX_INLINE_BYTES;
}
