import { createReadStream } from 'node:fs';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Payload, PayloadRef, PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import { PayloadService } from '#gen/millrace/state/v1/payload_service_pb.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import type { CommandContext } from '../command.ts';
import { isJsonType, JSON_TYPE } from '../json/payload-value.ts';
import { readUntilAborted } from '../read-until-aborted.ts';
import { describeBytes } from '../terminal.ts';
import { answered } from './answered.ts';
import type { StateConnection } from './state-connection.ts';

/** What a message may carry; more is uploaded first. */
const MAX_INLINE_BYTES = 1024 * 1024;
/** What is read into memory. The service has a lower limit, 32 MiB by default. */
const MAX_READ_BYTES = 1024 * 1024 * 1024;

/** Where a payload comes from. */
export interface PayloadSource {
  /** JSON that was typed. */
  readonly json: string | undefined;
  /** A file, or `-` for standard input. */
  readonly file: string | undefined;
  /** What is in the file. Default: JSON. */
  readonly contentType: string | undefined;
}

/** A payload as a request takes it. */
export type PayloadInit = Exclude<MessageInitShape<typeof PayloadSchema>, Payload>;

/**
 * Reads a payload and, when it is larger than a message may carry, uploads it. Undefined: none was given, which is null.
 *
 * @param runId the run that is going to use it; empty: not known.
 * @throws StartError for a file that cannot be read or is not JSON; PAYLOAD_TOO_LARGE above the service's limit.
 */
export async function readPayload(
  { json, file, contentType = JSON_TYPE }: PayloadSource,
  runId: string,
  state: StateConnection,
  context: Pick<CommandContext, 'signal' | 'readInput' | 'terminal'>,
): Promise<PayloadInit | undefined> {
  if (json === undefined && file === undefined) {
    return undefined;
  }
  const data = file === undefined ? Buffer.from(json ?? '') : await readFile(file, context);
  if (isJsonType(contentType)) {
    assertJson(data, file ?? '');
  }
  if (data.length > MAX_INLINE_BYTES) {
    return { contentType, value: { case: 'ref', value: await upload(data, runId, state, context) } };
  }
  return contentType === JSON_TYPE
    ? { value: { case: 'json', value: data.toString() } }
    : { contentType, value: { case: 'data', value: data } };
}

async function readFile(
  file: string,
  { signal, readInput }: Pick<CommandContext, 'signal' | 'readInput'>,
): Promise<Buffer> {
  const name = file === '-' ? 'standard input' : `the file ${file}`;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of file === '-' ? readInput() : readUntilAborted(createReadStream(file), signal)) {
      size += chunk.length;
      chunks.push(chunk);
      if (size > MAX_READ_BYTES) {
        break;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new StartError(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (size > MAX_READ_BYTES) {
    throw new StartError(`${name} is larger than ${describeBytes(MAX_READ_BYTES)}`);
  }
  return Buffer.concat(chunks);
}

function assertJson(data: Uint8Array, file: string): void {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data));
  } catch (error) {
    const what = file === '-' ? 'standard input' : `the file ${file}`;
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`${what} is not JSON: ${why}; say --content-type for something else`, { cause: error });
  }
}

async function upload(
  data: Buffer,
  runId: string,
  { channel, tenantId }: StateConnection,
  { signal, terminal }: Pick<CommandContext, 'signal' | 'terminal'>,
): Promise<PayloadRef> {
  await using stream = createClient(PayloadService, channel).uploadPayload({ signal });
  for (let offset = 0; offset < data.length; offset += MAX_INLINE_BYTES) {
    const chunk = data.subarray(offset, offset + MAX_INLINE_BYTES);
    const first = offset === 0 ? { tenantId, runId, size: BigInt(data.length) } : {};
    await stream.send({ ...first, chunk });
    terminal.progress(`uploaded ${describeBytes(offset + chunk.length)} of ${describeBytes(data.length)}`);
  }
  const { ref } = await stream.finish();
  return answered(ref, 'the name of the upload');
}
