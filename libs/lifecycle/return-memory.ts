import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A process that has less keeps it. */
const MIN_BYTES: number = 256 * 1024 * 1024;
/** How many times as much as was left the last time it has to have. */
const MIN_GROWTH = 1.25;
/** Up to this share of the time the event loop may have work, and the process is quiet. */
const QUIET_SHARE = 0.1;
/** Looks in a row that find the process quiet. */
const QUIET_LOOKS = 2;
const LOOK_MS = 1_000;
/** How often the engine collects by itself when little happens: what it would do without us. */
const ENGINE_COLLECTIONS = 2;

/** What is looked at, and what is done. */
export interface MemoryOptions {
  /** Bytes of memory that the process has. */
  readonly residentBytes: () => number;
  /** The share of the time since the last look in which the event loop had work. */
  readonly busyShare: () => number;
  /** The process is quiet from now on, or busy. */
  readonly setQuiet: (isQuiet: boolean) => void;
  /** Collects all garbage and gives the room back. */
  readonly collect: () => void;
}

/**
 * Makes the look that gives back what a burst took. The engine keeps the room of its garbage for the next burst, and
 * collects nothing while nothing happens: half a gigabyte that nobody uses. Giving it back takes some tenths of a second
 * in which nothing else is done, so it waits for a quiet moment, and is not worth it for little.
 */
export function createMemoryLook({ residentBytes, busyShare, setQuiet, collect }: MemoryOptions): () => void {
  let quietLooks = 0;
  let leftBytes = 0;
  return () => {
    const isQuiet = busyShare() <= QUIET_SHARE;
    if (isQuiet !== quietLooks > 0) setQuiet(isQuiet);
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    // Once in each quiet time.
    if (quietLooks !== QUIET_LOOKS) return;
    if (residentBytes() < Math.max(MIN_BYTES, leftBytes * MIN_GROWTH)) return;
    collect();
    leftBytes = residentBytes();
  };
}

/** Gives memory back whenever this process is quiet, until it is disposed. */
export function returnMemory(): Disposable {
  let before = performance.eventLoopUtilization();
  const look = createMemoryLook({
    residentBytes: () => process.memoryUsage.rss(),
    busyShare: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return utilization;
    },
    setQuiet,
    collect,
  });
  const timer = setInterval(look, LOOK_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * In quiet times the engine's own way to do this would collect once more, seconds later, for nothing. In busy ones it must
 * be on, although it does nothing then: where it is done with its collections the heap grows in small steps, each of
 * which costs one, five of them a second under full load.
 */
function setQuiet(isQuiet: boolean): void {
  setFlagsFromString(`--memory-reducer-gc-count=${isQuiet ? 0 : ENGINE_COLLECTIONS}`);
}

/** Only the last resort gives the room back too. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as (options: object) => void;
  collectGarbage({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
