import type { ChildOptions } from '#libs/engine/events/wait-events.ts';
import { createByteReader, readByte } from '#libs/engine/log/byte-reader.ts';
import { createByteWriter, writeByte, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { type Codec, id, list, object, optional, record, text, varint } from '#libs/engine/log/codec.ts';
import { attribute, failure, parent, payload, rejection, terminalStatus } from '#libs/engine/log/value-codecs.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { RunParent } from '#libs/engine/model/parent.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { ForeignRejection } from '#libs/engine/model/rejection.ts';
import type { TerminalStatus } from '#libs/engine/model/status.ts';

interface MessageBase {
  readonly tenantId: string;
  /** The run that it is for. */
  readonly runId: string;
}

/** Start a child. */
export interface StartChildMessage extends MessageBase {
  readonly kind: 'startChild';
  readonly scheduledSequence: number;
  readonly workflow: string;
  readonly version: string;
  readonly input: Payload | undefined;
  readonly parent: RunParent;
  readonly options: ChildOptions;
}

/** Cancel a child. */
export interface CancelChildMessage extends MessageBase {
  readonly kind: 'cancelChild';
  /** Empty: it has not told yet; whichever has that parent. */
  readonly incarnation: string;
  readonly parentIncarnation: string;
}

/** A child started, for its parent. */
export interface ChildStartedMessage extends MessageBase {
  readonly kind: 'childStarted';
  readonly incarnation: string;
  readonly scheduledSequence: number;
  readonly childRunId: string;
  readonly childIncarnation: string;
  readonly version: string;
}

/** A child could not be started, for its parent. */
export interface ChildRejectedMessage extends MessageBase {
  readonly kind: 'childRejected';
  readonly incarnation: string;
  readonly scheduledSequence: number;
  readonly childRunId: string;
  readonly rejection: ForeignRejection;
}

/** A child ended, for its parent. */
export interface ChildEndedMessage extends MessageBase {
  readonly kind: 'childEnded';
  readonly incarnation: string;
  readonly childRunId: string;
  readonly childIncarnation: string;
  readonly status: TerminalStatus;
  readonly output: Payload | undefined;
  readonly failure: Failure | undefined;
}

/** What one run says to another, which may be in another partition. [journal.md 22] */
export type RunMessage =
  | StartChildMessage
  | CancelChildMessage
  | ChildStartedMessage
  | ChildRejectedMessage
  | ChildEndedMessage;

type Fields<K extends RunMessage['kind']> = Codec<Omit<Extract<RunMessage, { readonly kind: K }>, 'kind'>>;

const base = { tenantId: text, runId: text };
const options: Codec<ChildOptions> = object<ChildOptions>({
  priority: varint,
  tags: list(text),
  attributes: record(attribute),
  runTimeoutMs: optional(varint),
  queue: text,
});

/** Numbers are never used again for something else. */
const KINDS: { readonly [K in RunMessage['kind']]: { readonly number: number; readonly fields: Fields<K> } } = {
  startChild: {
    number: 1,
    fields: object({
      ...base,
      scheduledSequence: varint,
      workflow: text,
      version: text,
      input: payload,
      parent,
      options,
    }),
  },
  cancelChild: { number: 2, fields: object({ ...base, incarnation: id, parentIncarnation: id }) },
  childStarted: {
    number: 3,
    fields: object({
      ...base,
      incarnation: id,
      scheduledSequence: varint,
      childRunId: text,
      childIncarnation: id,
      version: text,
    }),
  },
  childRejected: {
    number: 4,
    fields: object({ ...base, incarnation: id, scheduledSequence: varint, childRunId: text, rejection }),
  },
  childEnded: {
    number: 5,
    fields: object({
      ...base,
      incarnation: id,
      childRunId: text,
      childIncarnation: id,
      status: terminalStatus,
      output: payload,
      failure: optional(failure),
    }),
  },
};

const kindByNumber = new Map(Object.entries(KINDS).map(([kind, { number }]) => [number, kind as RunMessage['kind']]));

/** Packs a message. */
export function encodeMessage(message: RunMessage): Uint8Array {
  const writer = createByteWriter(256);
  const { number, fields } = KINDS[message.kind] as { number: number; fields: Codec<object> };
  writeByte(writer, number);
  fields.write(writer, message);
  return writtenBytes(writer).slice();
}

/** Reads what `encodeMessage` packed; a LogError for anything else. */
export function decodeMessage(bytes: Uint8Array): RunMessage {
  const reader = createByteReader(bytes);
  const number = readByte(reader);
  const kind = kindByNumber.get(number);
  if (kind === undefined) throw new LogError('UNKNOWN_KIND', `messages of kind ${number} are not known`);
  return { kind, ...(KINDS[kind].fields as Codec<object>).read(reader) } as RunMessage;
}
