import type { Clock } from '#libs/partition/timers/clock.ts';
import type { PartitionHost } from '../ownership.ts';
import { interruptible } from '../waits.ts';

/** What happened to a host. */
export interface HostEvent {
  readonly kind: 'takeOver' | 'served' | 'release' | 'released' | 'drop' | 'answerHeld';
  readonly partition: number;
  /** The epoch of a take-over, else 0. */
  readonly epoch: number;
  /** On the host's own clock. */
  readonly ms: number;
}

/** A host that serves nothing and remembers what it was asked for. */
export interface RecordingHost extends PartitionHost {
  readonly events: readonly HostEvent[];
  /** The partitions that would be served. */
  readonly served: ReadonlySet<number>;
  /** Calls that must not be: of a partition that is served, or whose last call is not over. */
  readonly mistakes: readonly string[];
  /** Whether it looks at signals only when it is done, and leaves behind what a `drop` does not know yet. */
  isStubborn: boolean;
  /** How long a recovery takes. */
  takeOverMs: number;
  /** How long a hand-over takes. */
  releaseMs: number;
  /** What a recovery of a partition fails with; absent: it succeeds. */
  failWith: (partition: number) => unknown;
}

/** Makes a host. */
export function createRecordingHost(clock: Clock, takeOverMs = 20, releaseMs = 20): RecordingHost {
  const events: HostEvent[] = [];
  const served = new Set<number>();
  const busy = new Set<number>();
  const mistakes: string[] = [];
  const record = (kind: HostEvent['kind'], partition: number, epoch = 0): void => {
    events.push({ kind, partition, epoch, ms: clock.monotonic() });
  };
  const never = new AbortController().signal;
  const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    interruptible<void>(host.isStubborn ? never : signal, (resolve) => clock.setTimer(ms, () => resolve()));

  const host: RecordingHost = {
    events,
    served,
    mistakes,
    isStubborn: false,
    takeOverMs,
    releaseMs,
    failWith: () => undefined,
    takeOver: async (partition, epoch, signal, onServing) => {
      if (served.has(partition) || busy.has(partition)) mistakes.push(`partition ${partition} is taken over twice`);
      record('takeOver', partition, epoch);
      busy.add(partition);
      try {
        await sleep(host.takeOverMs, signal);
        const error = host.failWith(partition);
        if (error !== undefined) throw error as Error;
        served.add(partition);
        signal.throwIfAborted();
        record('served', partition, epoch);
        onServing();
      } finally {
        busy.delete(partition);
      }
    },
    catchUp: async (partition) => {
      if (!served.has(partition)) mistakes.push(`partition ${partition} catches up and is not served`);
    },
    release: async (partition) => {
      if (busy.has(partition)) mistakes.push(`partition ${partition} is released while it is busy`);
      record('release', partition);
      busy.add(partition);
      try {
        await sleep(host.releaseMs, never);
        served.delete(partition);
        record('released', partition);
      } finally {
        busy.delete(partition);
      }
    },
    drop: (partition) => {
      if (served.delete(partition)) record('drop', partition);
    },
    answerHeld: (partition) => record('answerHeld', partition),
  };
  return host;
}
