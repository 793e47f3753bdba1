import type { TaskAvailable } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { onceAborted } from '../streams.ts';

/** Hints that wait for a reader at most; what comes then is one hint that something is available. */
const MAX_HINTS = 100;

const SOMETHING: TaskAvailable = {
  $typeName: 'millrace.state.v1.TaskAvailable',
  runId: '',
  taskId: '',
  workflow: '',
};

/** Hints on their way to one reader. */
export interface Hints {
  add(hint: TaskAvailable): void;
  /** What has come, once something has; `undefined` when the stream is to end. */
  next(): Promise<TaskAvailable[] | undefined>;
  close(): void;
}

/** Makes hints that end with either of two signals. */
export function createHints(...ends: readonly AbortSignal[]): Hints {
  let waiting: TaskAvailable[] = [];
  let wake: (() => void) | undefined;
  const stops = ends.map((end) => onceAborted(end, () => wake?.()));
  const isOver = (): boolean => ends.some(({ aborted }) => aborted);
  return {
    add: (hint) => {
      if (waiting.length < MAX_HINTS) waiting.push(hint);
      else waiting = [SOMETHING];
      wake?.();
    },
    next: async () => {
      if (waiting.length === 0 && !isOver()) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
      if (isOver()) return undefined;
      const some = waiting;
      waiting = [];
      return some;
    },
    close: () => {
      for (const stop of stops) stop();
    },
  };
}
