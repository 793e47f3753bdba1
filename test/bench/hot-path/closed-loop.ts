import { randomUUID } from 'node:crypto';

/** A closed loop of runs. */
export interface Load {
  /** Begins so many runs, and another one for each that ends. */
  start(concurrency: number): void;
  /** Latencies of the runs that ended since the last call, in milliseconds. */
  takeLatencies(): number[];
  /** Resolves once the runs under way have ended. */
  stop(): Promise<void>;
}

/** Makes a loop; `runOnce` starts a run under an id and resolves when it has completed. */
export function createClosedLoop(runOnce: (runId: string) => Promise<void>): Load {
  return createClosedLoops(() => runOnce);
}

/** Makes a loop of which each strand, one of those that go on at a time, has a state of its own. */
export function createClosedLoops(newStrand: () => (runId: string) => Promise<void>): Load {
  const prefix = randomUUID();
  let count = 0;
  let underWay = 0;
  let isStopping = false;
  let latencies: number[] = [];
  let onIdle: (() => void) | undefined;

  async function loop(): Promise<void> {
    underWay += 1;
    const runOnce = newStrand();
    while (!isStopping) {
      count += 1;
      const began = performance.now();
      await runOnce(`${prefix}-${count}`);
      latencies.push(performance.now() - began);
    }
    underWay -= 1;
    if (underWay === 0) onIdle?.();
  }

  return {
    start: (concurrency) => {
      isStopping = false;
      for (let index = 0; index < concurrency; index += 1) void loop();
    },
    takeLatencies: () => {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    stop: () => {
      isStopping = true;
      return new Promise((resolve) => {
        onIdle = resolve;
      });
    },
  };
}
