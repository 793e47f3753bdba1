import { LogError } from '../model/log-error.ts';
import type { OpenItem, Settled, SettleKind } from '../model/open-node.ts';
import type { Child, OpenStep, Wait } from '../model/open-things.ts';
import type { Pause } from '../model/run.ts';
import type { BufferedSignal } from '../model/signal-buffer.ts';
import type { BufferedName, NodeSnapshot, RunScalars, RunSnapshot } from '../snapshot/snapshot.ts';
import { createByteReader, readByte } from './byte-reader.ts';
import { type ByteWriter, createByteWriter, writeByte, writtenBytes } from './byte-writer.ts';
import { clientSnapshot } from './client-snapshot-codec.ts';
import { type Codec, flag, id, int64, list, moment, object, optional, pair, text, varint, word } from './codec.ts';
import { attribute, childMode, control, divergence, lease, parent, status, step } from './value-codecs.ts';

/** The versions of the format. Newer ones are refused by name; the second is written of CLIENT runs only. */
const SERVER_VERSION: number = 1;
const CLIENT_VERSION: number = 2;

const settled: Codec<Settled> = object({
  kind: word<SettleKind>(['completed', 'failed', 'released']),
  itemSequence: varint,
  fence: int64,
});

const item: Codec<OpenItem> = object({
  itemSequence: varint,
  scheduleTime: varint,
  notBeforeTime: optional(varint),
  queue: text,
  priority: varint,
  tags: list(text),
  attempt: varint,
  lease: optional(lease),
  leasedSequence: varint,
});

const node: Codec<NodeSnapshot> = object<NodeSnapshot>({
  path: text,
  openedSequence: varint,
  item: optional(item),
  failures: varint,
  expiries: varint,
  failureSequence: varint,
  failedWorkerId: id,
  settled: optional(settled),
});

/** Both kinds of waits have the same fields here: the name of a timer is empty. */
const wait: Codec<Wait> = {
  write(writer, value) {
    flag.write(writer, value.kind === 'signal');
    varint.write(writer, value.startedSequence);
    varint.write(writer, value.sinceTime);
    text.write(writer, value.nodePath);
    optional(step).write(writer, value.step);
    if (value.kind === 'timer') return varint.write(writer, value.dueTime);
    text.write(writer, value.name);
    return optional(varint).write(writer, value.untilTime);
  },
  read(reader) {
    const isSignal = flag.read(reader);
    const base = {
      startedSequence: varint.read(reader),
      sinceTime: varint.read(reader),
      nodePath: text.read(reader),
      step: optional(step).read(reader),
    };
    if (!isSignal) return { kind: 'timer', ...base, dueTime: varint.read(reader) };
    return { kind: 'signal', ...base, name: text.read(reader), untilTime: optional(varint).read(reader) };
  },
};

const child: Codec<Child> = object<Child>({
  scheduledSequence: varint,
  sinceTime: varint,
  nodePath: text,
  step: optional(step),
  runId: text,
  mode: childMode,
  incarnation: id,
  awaited: word<Child['awaited']>(['start', 'end', 'nothing']),
});

const openStep: Codec<OpenStep> = object<OpenStep>({
  step,
  attempt: varint,
  sequence: varint,
  sinceTime: varint,
  state: word<OpenStep['state']>(['begun', 'retrying']),
  dueTime: moment,
});

const pause: Codec<Pause> = object({ requestedBy: text, reason: text, sinceTime: varint });
const buffered: Codec<BufferedSignal> = object({ receivedSequence: varint, bytes: varint });

const scalars: Codec<ServerScalars> = object<ServerScalars>({
  lastSequence: varint,
  started: flag,
  status,
  cancelling: flag,
  workflow: text,
  version: text,
  definitionHash: text,
  priority: varint,
  tags: list(text),
  queue: text,
  parent: optional(parent),
  createTime: varint,
  startTime: optional(varint),
  endTime: optional(varint),
  updateTime: varint,
  deadlineTime: moment,
  cleanupDeadlineTime: moment,
  stepCount: varint,
  newsSequence: varint,
  lastFence: int64,
  cancel: optional(control),
  pendingPause: optional(control),
  pause: optional(pause),
  resumeTime: varint,
  divergence: optional(divergence),
  divergedTime: varint,
  wakeTime: moment,
});

type ServerScalars = Omit<RunScalars, 'client'>;
type ServerSnapshot = Omit<RunSnapshot, 'scalars' | 'client'> & { readonly scalars: ServerScalars };

const snapshot: Codec<ServerSnapshot> = object<ServerSnapshot>({
  scalars,
  attributes: list(pair(attribute)),
  stateKeys: list(pair(varint)),
  nodes: list(node),
  waits: list(wait),
  children: list(child),
  openSteps: list(openStep),
  signalsReceived: varint,
  signals: list(object<BufferedName>({ name: text, signals: list(buffered) })),
  signalIds: list(id),
});

/** Writes a snapshot behind what is written, the version first. */
export function writeSnapshot(writer: ByteWriter, value: RunSnapshot): void {
  writeByte(writer, value.client === undefined ? SERVER_VERSION : CLIENT_VERSION);
  snapshot.write(writer, value);
  if (value.client !== undefined) clientSnapshot.write(writer, value.client);
}

/** A snapshot as bytes of their own, the version first. */
export function encodeSnapshot(value: RunSnapshot): Uint8Array {
  const writer = createByteWriter(512);
  writeSnapshot(writer, value);
  return writtenBytes(writer).slice();
}

/** The snapshot that bytes hold; UNKNOWN_VERSION, TRUNCATED or MALFORMED when they do not [8]. */
export function decodeSnapshot(bytes: Uint8Array): RunSnapshot {
  const reader = createByteReader(bytes);
  const version = readByte(reader);
  if (version !== SERVER_VERSION && version !== CLIENT_VERSION) {
    throw new LogError('UNKNOWN_VERSION', `snapshots of version ${version} are not known`);
  }
  const read = snapshot.read(reader);
  const client = version === CLIENT_VERSION ? clientSnapshot.read(reader) : undefined;
  const value = { ...read, client };
  if (reader.position !== reader.end) {
    throw new LogError('MALFORMED', `${reader.end - reader.position} bytes follow a snapshot`);
  }
  return value;
}
