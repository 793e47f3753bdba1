import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Position as PositionMessage } from '#gen/millrace/state/v1/position_pb.ts';
import type { TaskHint as TaskHintMessage } from '#gen/millrace/state/v1/task_hint_pb.ts';
import type { Position, TaskHint } from '#libs/engine/model/client-state.ts';
import { sortedTags } from './tags.ts';
import { dueTimeFromTimestamp, maybeTimestampFromTime, timestampFromTime } from './timestamp.ts';

/** Where a run stands, on the wire. */
export function positionToProto(position: Position): PositionMessage {
  return { $typeName: 'millrace.state.v1.Position', at: atToProto(position) };
}

/** Where a run stands, on the wire; absent for nowhere. */
export function maybePositionToProto(position: Position | undefined): PositionMessage | undefined {
  return position === undefined ? undefined : positionToProto(position);
}

function atToProto(position: Position): PositionMessage['at'] {
  switch (position.kind) {
    case 'task':
      return { case: 'atTask', value: { $typeName: 'millrace.state.v1.AtTask', taskId: position.taskId } };
    case 'fork': {
      const openTasks = [...position.openTasks];
      return { case: 'atFork', value: { $typeName: 'millrace.state.v1.AtFork', openTasks } };
    }
    case 'join': {
      const { taskId, doneTasks } = position;
      return { case: 'atJoin', value: { $typeName: 'millrace.state.v1.AtJoin', taskId, doneTasks: [...doneTasks] } };
    }
    case 'delay': {
      const { untilTime, nextTask } = position;
      const value = {
        $typeName: 'millrace.state.v1.AtDelay',
        untilTime: timestampFromTime(untilTime),
        nextTask,
      } as const;
      return { case: 'atDelay', value };
    }
    case 'signal': {
      const { name, untilTime, nextTask } = position;
      const until = maybeTimestampFromTime(untilTime);
      const value = { $typeName: 'millrace.state.v1.AtSignal', name, untilTime: until, nextTask } as const;
      return { case: 'atSignal', value };
    }
    case 'loop': {
      const { taskId, iteration } = position;
      return { case: 'inLoop', value: { $typeName: 'millrace.state.v1.InLoop', taskId, iteration } };
    }
  }
}

/**
 * Where a run stands, as its runtime said; undefined for nowhere.
 *
 * @throws INVALID_FIELDS for a time that is none.
 */
export function maybePositionFromProto(message: PositionMessage | undefined, field: string): Position | undefined {
  const at = message?.at;
  switch (at?.case) {
    case undefined:
      return undefined;
    case 'atTask':
      return { kind: 'task', taskId: at.value.taskId };
    case 'atFork':
      return { kind: 'fork', openTasks: [...new Set(at.value.openTasks)] };
    case 'atJoin':
      return { kind: 'join', taskId: at.value.taskId, doneTasks: at.value.doneTasks };
    case 'atDelay': {
      const { untilTime, nextTask } = at.value;
      return { kind: 'delay', untilTime: dueOf(untilTime, `${field}.at_delay.until_time`) ?? 0, nextTask };
    }
    case 'atSignal': {
      const { name, untilTime, nextTask } = at.value;
      return { kind: 'signal', name, untilTime: dueOf(untilTime, `${field}.at_signal.until_time`), nextTask };
    }
    case 'inLoop':
      return { kind: 'loop', taskId: at.value.taskId, iteration: at.value.iteration };
  }
}

function dueOf(timestamp: Timestamp | undefined, field: string): number | undefined {
  return timestamp === undefined ? undefined : dueTimeFromTimestamp(timestamp, field);
}

/** How tasks are offered, as a runtime said. */
export function hintsFromProto(hints: readonly TaskHintMessage[], field: string): readonly TaskHint[] {
  return hints.map((hint, index) => hintFromProto(hint, `${field}[${index}]`));
}

/**
 * How a task is offered, as a runtime said. `field` is its path.
 *
 * @throws INVALID_FIELDS for tags with control characters.
 */
export function hintFromProto({ taskId, priority, tags }: TaskHintMessage, field: string): TaskHint {
  return { taskId, priority, tags: sortedTags(tags, `${field}.tags`) };
}

/** How tasks are offered, on the wire. */
export function hintsToProto(hints: Iterable<TaskHint>): TaskHintMessage[] {
  return Array.from(hints, ({ taskId, priority, tags }) => ({
    $typeName: 'millrace.state.v1.TaskHint',
    taskId,
    tags: [...tags],
    ...(priority === undefined ? {} : { priority }),
  }));
}
