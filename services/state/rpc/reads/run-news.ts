import type { Partition } from '#libs/partition/serve/partition.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { onceAborted } from '../streams.ts';

/** Tells that something happened to a run, however much it was. Whoever waits for it reads what, and where it is durable. */
export interface RunNews {
  /** The partition is not served any more: ask its next owner. */
  readonly isLost: boolean;
  /** Forgets what has come: from now on `next` waits for what comes. */
  take(): void;
  /** Resolves once there are news, a time has passed, or one of the signals aborts; at once where one of them is so. */
  next(signals: readonly AbortSignal[], waitMs?: number): Promise<void>;
  /** Lets news gather for a time; an end, or a signal that aborts, is not waited on with. */
  gather(signals: readonly AbortSignal[], ms: number): Promise<void>;
  stop(): void;
}

/** Listens to a run, which need not exist yet. */
export function createRunNews(partition: Partition, key: RunKey): RunNews {
  let hasNews = false;
  let isLost = false;
  let hasEnded = false;
  let wake: (() => void) | undefined;

  function raise(): void {
    hasNews = true;
    wake?.();
  }

  async function wait(signals: readonly AbortSignal[], waitMs: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    const stopListening = signals.map((signal) => onceAborted(signal, resolve));
    const timer = waitMs === undefined ? undefined : setTimeout(resolve, waitMs);
    try {
      await promise;
    } finally {
      wake = undefined;
      clearTimeout(timer);
      for (const stopOne of stopListening) stopOne();
    }
  }

  const stop = partition.watch(key, {
    onChange: (_hot, topic) => {
      hasEnded ||= topic === 'ended';
      raise();
    },
    onEvents: raise,
    onLost: () => {
      isLost = true;
      raise();
    },
  });

  return {
    get isLost() {
      return isLost;
    },
    take: () => {
      hasNews = false;
    },
    next: (signals, waitMs) => (hasNews || isLost ? Promise.resolve() : wait(signals, waitMs)),
    gather: async (signals, ms) => {
      const untilMs = performance.now() + ms;
      while (!hasEnded && !isLost && !signals.some(({ aborted }) => aborted)) {
        const leftMs = untilMs - performance.now();
        if (leftMs <= 0) return;
        await wait(signals, leftMs);
      }
    },
    stop,
  };
}
