import { hash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { type StartRunRequest, StartRunRequestSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import {
  type ByteWriter,
  createByteWriter,
  writeByte,
  writeBytes,
  writeString,
  writeVarint,
  writtenBytes,
} from '#libs/engine/log/byte-writer.ts';

/** What the first byte of what is hashed says: how the rest is written. A field of a message never begins with a zero. */
const SHORT_FORM = 0;
const NO_BYTES = new Uint8Array();

const writer: ByteWriter = createByteWriter(4_096);

/**
 * A hash by which a repeat of a start is told from another request under the same id: of everything that is asked for,
 * with the id that the run has. The tenant and the request id are its scope, and a repeat may well come in another trace.
 */
export function argumentsHash(request: StartRunRequest, runId: string): Uint8Array {
  const bytes = isShort(request) ? shortBytes(request, runId) : wholeBytes(request, runId);
  // By way of text, because a digest that is asked for as bytes costs twice as much.
  return Buffer.from(hash('sha256', bytes), 'hex');
}

/** Whether the request is like most are, which are written by hand: every field that is not written is at its default. */
function isShort(request: StartRunRequest): boolean {
  const { firstTask, priority, tags, attributes, runTimeout, retention, input } = request;
  if (firstTask !== undefined || priority !== undefined || runTimeout !== undefined || retention !== undefined) {
    return false;
  }
  if (tags.length > 0 || Object.keys(attributes).length > 0) return false;
  return input === undefined || (input.value.case === 'data' && input.encodings.length === 0);
}

function shortBytes(request: StartRunRequest, runId: string): Uint8Array {
  const { workflow, version, definitionHash, queue, conflictPolicy, driver, allowNewDefinition, input } = request;
  writer.length = 0;
  writeByte(writer, SHORT_FORM);
  writeString(writer, runId);
  writeString(writer, workflow);
  writeString(writer, version);
  writeString(writer, definitionHash);
  writeString(writer, queue);
  writeVarint(writer, conflictPolicy);
  writeVarint(writer, driver);
  writeByte(writer, allowNewDefinition ? 1 : 0);
  writeByte(writer, input === undefined ? 0 : 1);
  writeString(writer, input?.contentType ?? '');
  writeBytes(writer, input?.value.case === 'data' ? input.value.value : NO_BYTES);
  return writtenBytes(writer);
}

function wholeBytes(request: StartRunRequest, runId: string): Uint8Array {
  const { attributes } = request;
  const names = Object.keys(attributes);
  // Maps are written in the order of their keys in memory, which is the sender's.
  const ordered = names.length < 2 ? attributes : Object.fromEntries(sortedEntries(attributes));
  const told = { ...request, runId, tenantId: '', requestId: '', traceparent: '', attributes: ordered };
  return toBinary(StartRunRequestSchema, told);
}

function sortedEntries<T>(values: Readonly<Record<string, T>>): ReadonlyArray<[string, T]> {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
