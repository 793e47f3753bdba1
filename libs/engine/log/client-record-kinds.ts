import type { StateChange, SystemRecord } from '../events/client-events.ts';
import type { DeadReason, Position, TaskHint } from '../model/client-state.ts';
import { LogError } from '../model/log-error.ts';
import { readByte } from './byte-reader.ts';
import { writeByte } from './byte-writer.ts';
import { type Codec, list, object, optional, text, varint, word } from './codec.ts';
import { type Body, type KindCodec, kind, TASK_FIELDS } from './kind-codec.ts';
import { failure, payload, status } from './value-codecs.ts';

const texts = list(text);

/** How a task is offered. */
export const taskHint: Codec<TaskHint> = object<TaskHint>({ taskId: text, priority: optional(varint), tags: texts });

const POSITIONS: { readonly [Kind in Position['kind']]: KindCodec<Body<Position, Kind>> } = {
  task: kind(1, { taskId: text }),
  fork: kind(2, { openTasks: texts }),
  join: kind(3, { taskId: text, doneTasks: texts }),
  delay: kind(4, { untilTime: varint, nextTask: text }),
  signal: kind(5, { name: text, untilTime: optional(varint), nextTask: text }),
  loop: kind(6, { taskId: text, iteration: varint }),
};
const positionKinds = new Map(Object.entries(POSITIONS).map(([name, { number }]) => [number, name]));

/** Where a CLIENT run stands. */
export const position: Codec<Position> = {
  write(writer, value) {
    const codec = POSITIONS[value.kind] as KindCodec<object>;
    writeByte(writer, codec.number);
    codec.fields.write(writer, value);
  },
  read(reader) {
    const number = readByte(reader);
    const name = positionKinds.get(number) as Position['kind'] | undefined;
    if (name === undefined) throw new LogError('MALFORMED', `positions of kind ${number} are not known`);
    return { kind: name, ...(POSITIONS[name] as KindCodec<object>).fields.read(reader) } as Position;
  },
};

/** Why an item is a dead letter. */
export const deadReason: Codec<DeadReason> = word<DeadReason>(['EXHAUSTED', 'EXPIRED', 'MOVED', 'POISON']);

type ClientKind =
  | 'snapshotSaved'
  | 'positionSet'
  | 'taskResultSaved'
  | 'statePatched'
  | 'taskScheduled'
  | 'taskLeased'
  | 'taskReleased'
  | 'taskCompleted'
  | 'taskFailed'
  | 'taskWithdrawn'
  | 'itemEnqueued'
  | 'itemDied'
  | 'taskRequeued'
  | 'deadLetterPurged';

/** The records of what runtimes save and claim, by the number under which they are written. */
export const CLIENT_RECORDS: { readonly [Kind in ClientKind]: KindCodec<Body<SystemRecord, Kind>> } = {
  snapshotSaved: kind(5, {
    version: varint,
    payload,
    status,
    position: optional(position),
    priority: optional(varint),
    tags: texts,
    hints: list(taskHint),
    atSequence: varint,
    leasedPath: text,
  }),
  taskResultSaved: kind(6, { taskId: text, output: payload }),
  statePatched: kind(12, {
    change: word<StateChange>(['replace', 'merge', 'append']),
    key: text,
    value: payload,
    stateVersion: varint,
  }),
  positionSet: kind(20, { position, hints: list(taskHint) }),
  taskScheduled: kind(21, TASK_FIELDS.taskScheduled),
  taskLeased: kind(22, TASK_FIELDS.taskLeased),
  taskReleased: kind(23, TASK_FIELDS.taskReleased),
  taskCompleted: kind(24, TASK_FIELDS.taskCompleted),
  taskFailed: kind(25, TASK_FIELDS.taskFailed),
  taskWithdrawn: kind(26, { nodePath: text }),
  itemEnqueued: kind(27, { ...TASK_FIELDS.taskScheduled, nodeId: text, maxAttempts: varint }),
  itemDied: kind(28, { nodePath: text, deadLetterId: text, reason: deadReason, movedBy: text, failure }),
  taskRequeued: kind(29, TASK_FIELDS.taskRequeued),
  deadLetterPurged: kind(30, { nodePath: text, requestedBy: text }),
};
