import type {
  TaskCompleted,
  TaskFailed,
  TaskLeased,
  TaskReleased,
  TaskRequeued,
  TaskScheduled,
} from '../events/task-events.ts';
import { type Codec, type Fields, id, list, object, optional, text, varint } from './codec.ts';
import { failure, lease, payload } from './value-codecs.ts';

/** What of one kind is written: all but the name of the kind. */
export type Body<Union extends { readonly kind: string }, Kind> = Omit<Extract<Union, { readonly kind: Kind }>, 'kind'>;

/** How the events of one kind are written: under which number, and as which fields. */
export interface KindCodec<Value> {
  /** The number of the wire's oneof. It is never given to another kind. */
  readonly number: number;
  readonly fields: Codec<Value>;
}

/** A kind with its number and fields. */
export function kind<Value extends object>(number: number, fields: Fields<Value>): KindCodec<Value> {
  return { number, fields: object(fields) };
}

type FieldsOf<Event> = Fields<Omit<Event, 'kind'>>;

/** The fields of what happens to an item: as events of a SERVER run, and as records of a CLIENT run. */
export const TASK_FIELDS: {
  readonly taskScheduled: FieldsOf<TaskScheduled>;
  readonly taskLeased: FieldsOf<TaskLeased>;
  readonly taskReleased: FieldsOf<TaskReleased>;
  readonly taskCompleted: FieldsOf<TaskCompleted>;
  readonly taskFailed: FieldsOf<TaskFailed>;
  readonly taskRequeued: FieldsOf<TaskRequeued>;
} = {
  taskScheduled: {
    nodePath: text,
    attempt: varint,
    input: payload,
    queue: text,
    priority: varint,
    tags: list(text),
    notBeforeTime: optional(varint),
  },
  taskLeased: { nodePath: text, lease, attempt: varint },
  taskReleased: { nodePath: text, itemSequence: varint, reason: text },
  taskCompleted: { nodePath: text, output: payload, attempt: varint, workerId: id },
  taskFailed: { nodePath: text, failure, attempt: varint, retryTime: optional(varint), workerId: id },
  taskRequeued: { nodePath: text, itemSequence: varint, requestedBy: text },
};
