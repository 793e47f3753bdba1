import { createByteReader, readByte } from '#libs/engine/log/byte-reader.ts';
import { createByteWriter, writeByte, writeBytes, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { RequestIdRow } from '#libs/store/tables/request-ids.ts';
import { ownBytes } from '../runs/own-bytes.ts';
import type { RequestAnswered } from './partition-event.ts';

/** The format that is written. */
const FORMAT = 1;

/** What is kept of a request. */
export type KeptRequest = Pick<RequestAnswered, 'argumentsHash' | 'reply' | 'expireTime'>;

/** The row of a request that was answered. */
export function packRequest(request: RequestAnswered): RequestIdRow {
  const { tenantId, runId, rpc, requestId, expireTime, argumentsHash, reply } = request;
  const writer = createByteWriter(64 + reply.length);
  writeByte(writer, FORMAT);
  writeBytes(writer, argumentsHash);
  writeBytes(writer, reply);
  return { tenantId, runId, rpc, requestId, expireTime, body: writtenBytes(writer).slice() };
}

/**
 * Reads what `packRequest` made. Nothing of it is a view.
 *
 * @throws LogError UNKNOWN_VERSION, TRUNCATED or MALFORMED for anything else.
 */
export function unpackRequest({ body, expireTime }: RequestIdRow): KeptRequest {
  const reader = createByteReader(body);
  const format = readByte(reader);
  if (format !== FORMAT) throw new LogError('UNKNOWN_VERSION', `kept requests of format ${format} are not known`);
  const kept = { argumentsHash: ownBytes.read(reader), reply: ownBytes.read(reader), expireTime };
  if (reader.position !== reader.end) {
    throw new LogError('MALFORMED', `${reader.end - reader.position} bytes follow a kept request`);
  }
  return kept;
}
