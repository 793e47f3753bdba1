import { isUtf8 } from 'node:buffer';
import type { Payload as PayloadProto } from '#gen/millrace/common/v1/payload_pb.ts';
import type { DomainError } from '#libs/errors/domain-error.ts';
import type { StateStore } from '#libs/store/store.ts';
import { openPayload, type WantedPayload } from '../payloads/open-payload.ts';
import { invalidField } from '../wire/invalid-field.ts';
import { MAX_STATE_BYTES } from './document.ts';
import { isDeeperThan, type Json, parseJson } from './json.ts';

/** How deep what a request brings may be nested: documents are walked through by functions that call themselves. */
const MAX_DEPTH = 100;
const JSON_TYPE = 'application/json';

/** A value of a request and its JSON, without what says nothing. */
export interface GivenJson {
  readonly value: Json;
  readonly text: string;
}

/**
 * Reads the JSON of a payload of a request; one without a value is null.
 *
 * @throws INVALID_FIELDS for what is encoded, no JSON, larger than 1 MiB or nested too deep; PAYLOAD_NOT_FOUND for an
 * upload that is not there.
 */
export async function readGivenJson(
  store: StateStore,
  tenantId: string,
  payload: PayloadProto | undefined,
  field: string,
  signal: AbortSignal,
): Promise<GivenJson> {
  if (payload === undefined || payload.value.case === undefined) return { value: null, text: 'null' };
  const { contentType, encodings, value } = payload;
  if (encodings.length > 0)
    throw invalidField(`${field}.encodings`, 'must be empty, because the server reads the JSON');
  if (contentType !== '' && contentType.toLowerCase() !== JSON_TYPE) {
    throw invalidField(`${field}.content_type`, `must be ${JSON_TYPE}`);
  }
  switch (value.case) {
    case 'json':
      return parseGiven(Buffer.from(value.value), field);
    case 'data':
      return parseGiven(value.value, field);
    case 'ref': {
      const { sha256, uploadId, size } = value.value;
      if (size > BigInt(MAX_STATE_BYTES)) throw tooLarge(field);
      const hex = Buffer.from(sha256).toString('hex');
      const wanted = { tenantId, sha256: hex, uploadId, runId: '', incarnation: '' };
      return parseGiven(await readBytes(store, wanted, signal, () => tooLarge(field)), field);
    }
  }
}

/**
 * Reads the bytes of a payload in the blobs.
 *
 * @throws PAYLOAD_NOT_FOUND, DATA_CORRUPTION, and what is made where there are more than a state document may have.
 */
export async function readBytes(
  store: StateStore,
  wanted: WantedPayload,
  signal: AbortSignal,
  tooMany: () => DomainError,
): Promise<Uint8Array> {
  const { size, chunks } = await openPayload(store, wanted, signal);
  if (size > MAX_STATE_BYTES) throw tooMany();
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read);
}

function parseGiven(bytes: Uint8Array, field: string): GivenJson {
  if (bytes.length > MAX_STATE_BYTES) throw tooLarge(field);
  if (!isUtf8(bytes)) throw invalidField(field, 'must be JSON in UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  if (isDeeperThan(text, MAX_DEPTH)) throw invalidField(field, `must be nested at most ${MAX_DEPTH} deep`);
  try {
    const value = parseJson(text);
    return { value, text: JSON.stringify(value) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw invalidField(field, 'must be JSON');
  }
}

function tooLarge(field: string): DomainError {
  return invalidField(field, `must have at most ${MAX_STATE_BYTES} bytes`);
}
