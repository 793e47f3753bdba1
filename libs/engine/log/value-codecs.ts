import type { Divergence } from '../events/run-events.ts';
import type { Signal } from '../events/wait-events.ts';
import type { AttributeValue } from '../model/attribute.ts';
import type { Control, ControlKind } from '../model/control.ts';
import type { Failure, FailureCause } from '../model/failure.ts';
import type { Lease } from '../model/lease.ts';
import { LogError } from '../model/log-error.ts';
import type { ChildMode, RunParent } from '../model/parent.ts';
import type { Payload, PayloadRef } from '../model/payload.ts';
import type { ForeignRejection } from '../model/rejection.ts';
import type { RunStatus, TerminalStatus } from '../model/status.ts';
import type { StepId } from '../model/step-id.ts';
import { readByte, readBytes, readString, readVarint } from './byte-reader.ts';
import { writeByte, writeBytes, writeString, writeVarint } from './byte-writer.ts';
import { type Codec, double, flag, id, int64, list, object, optional, record, text, varint, word } from './codec.ts';

const ref: Codec<PayloadRef> = object({ sha256: { write: writeBytes, read: readBytes }, size: varint });
const texts = list(text);

const PRESENT = 1;
const HAS_CONTENT_TYPE = 2;
const HAS_ENCODINGS = 4;
const HAS_DATA = 8;
const HAS_REF = 16;

/** A payload or none: one byte says which of its parts follow. */
export const payload: Codec<Payload | undefined> = {
  write(writer, value) {
    if (value === undefined) return writeByte(writer, 0);
    const { contentType, encodings, data } = value;
    let parts = PRESENT;
    if (contentType !== '') parts |= HAS_CONTENT_TYPE;
    if (encodings.length > 0) parts |= HAS_ENCODINGS;
    if (data !== undefined) parts |= HAS_DATA;
    if (value.ref !== undefined) parts |= HAS_REF;
    writeByte(writer, parts);
    if (contentType !== '') writeString(writer, contentType);
    if (encodings.length > 0) texts.write(writer, encodings);
    if (data !== undefined) writeBytes(writer, data);
    if (value.ref !== undefined) ref.write(writer, value.ref);
    return undefined;
  },
  read(reader) {
    const parts = readByte(reader);
    if (parts === 0) return undefined;
    return {
      contentType: (parts & HAS_CONTENT_TYPE) === 0 ? '' : readString(reader),
      encodings: (parts & HAS_ENCODINGS) === 0 ? [] : texts.read(reader),
      data: (parts & HAS_DATA) === 0 ? undefined : readBytes(reader),
      ref: (parts & HAS_REF) === 0 ? undefined : ref.read(reader),
    };
  },
};

/** A step of a function. */
export const step: Codec<StepId> = {
  write(writer, value) {
    writeString(writer, value.scope);
    writeString(writer, value.name);
    writeVarint(writer, value.occurrence);
  },
  read: (reader) => ({ scope: readString(reader), name: readString(reader), occurrence: readVarint(reader) }),
};

const cause: Codec<FailureCause> = object({ type: text, message: text, stack: text });

/** A failure. */
export const failure: Codec<Failure> = object({
  type: text,
  message: text,
  stack: text,
  causes: list(cause),
  nonRetryable: flag,
  details: payload,
  nodePath: text,
  attempts: optional(varint),
});

/** A worker's hold. */
export const lease: Codec<Lease> = object({
  itemSequence: varint,
  workerId: id,
  sessionId: id,
  fence: int64,
  leaseTime: varint,
  expireTime: optional(varint),
  noExpiry: flag,
});

/** Any status. */
export const status: Codec<RunStatus> = word<RunStatus>([
  'PENDING',
  'RUNNING',
  'PAUSED',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
]);

/** A status that ends a run. */
export const terminalStatus: Codec<TerminalStatus> = word<TerminalStatus>([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
]);

/** Cancel or pause. */
export const controlKind: Codec<ControlKind> = word<ControlKind>(['CANCEL', 'PAUSE']);

/** A request to cancel or pause. */
export const control: Codec<Control> = object({
  kind: controlKind,
  reason: text,
  requestedBy: text,
  requestTime: varint,
});

/** How a child and its parent depend on each other. */
export const childMode: Codec<ChildMode> = word<ChildMode>(['WAIT', 'DETACH', 'CANCEL_WITH_PARENT']);

/** A parent. */
export const parent: Codec<RunParent> = object({ runId: text, incarnation: id, nodePath: text, mode: childMode });

/** What another run refused. */
export const rejection: Codec<ForeignRejection> = object({ reason: text, message: text, metadata: record(text) });

/** Where code and log disagree. */
export const divergence: Codec<Divergence> = object({
  expectedStep: text,
  foundStep: text,
  sourceLocation: text,
  build: text,
});

/** A signal. */
export const signal: Codec<Signal> = object({ name: text, signalId: id, payload, sendTime: varint });

const time: Codec<number> = double;

/** A typed value by which runs are searched. */
export const attribute: Codec<AttributeValue> = {
  write(writer, value) {
    switch (value.kind) {
      case 'keyword':
        writeByte(writer, 1);
        return text.write(writer, value.value);
      case 'integer':
        writeByte(writer, 2);
        return int64.write(writer, value.value);
      case 'double':
        writeByte(writer, 3);
        return double.write(writer, value.value);
      case 'boolean':
        writeByte(writer, 4);
        return flag.write(writer, value.value);
      case 'time':
        writeByte(writer, 5);
        return time.write(writer, value.value);
      case 'keywordList':
        writeByte(writer, 6);
        return texts.write(writer, value.value);
    }
  },
  read(reader) {
    const kind = readByte(reader);
    switch (kind) {
      case 1:
        return { kind: 'keyword', value: text.read(reader) };
      case 2:
        return { kind: 'integer', value: int64.read(reader) };
      case 3:
        return { kind: 'double', value: double.read(reader) };
      case 4:
        return { kind: 'boolean', value: flag.read(reader) };
      case 5:
        return { kind: 'time', value: time.read(reader) };
      case 6:
        return { kind: 'keywordList', value: texts.read(reader) };
      default:
        throw new LogError('MALFORMED', `attributes of kind ${kind} are not known`);
    }
  },
};
