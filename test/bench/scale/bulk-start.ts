import { setTimeout as pause } from 'node:timers/promises';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createRunSession } from '#libs/run-session/run-session.ts';

/** Starts under way at a time: enough to fill every commit. */
const AT_A_TIME = 512;
/** Time between two lines about how far it is. */
const PROGRESS_MS = 5_000;
/** How long a start waits that was refused without a word about when to come again. */
const PAUSE_MS = 1_000;

/** What is started. */
export interface BulkStart {
  readonly address: string;
  readonly count: number;
  readonly workflow: string;
  readonly prefix: string;
  /** Tags of the run with a number. Default: none. */
  readonly tagsOf?: (index: number) => readonly string[];
}

/** Starts many runs, as fast as they are taken. */
export async function bulkStart({ address, count, workflow, prefix, tagsOf }: BulkStart): Promise<void> {
  const channel = createChannel({ address });
  const session = createRunSession({ channel });
  let next = 0;
  let lastTold = performance.now();
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      await start(index);
      if (performance.now() - lastTold < PROGRESS_MS) continue;
      lastTold = performance.now();
      process.stderr.write(`  ${index} of ${count} started\n`);
    }
  };
  const start = async (index: number): Promise<void> => {
    for (;;) {
      try {
        const request = { workflow, runId: `${prefix}-${index}`, tags: [...(tagsOf?.(index) ?? [])] };
        await session.start(request, { brief: true }).started;
        return;
      } catch (error) {
        // The tables are too far behind the journal: whoever starts as fast as runs are taken has to wait for them.
        if (!(error instanceof DomainError) || error.reason !== 'OVERLOADED') throw error;
        await pause(error.retryAfterMs ?? PAUSE_MS);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, count) }, work));
  await session[Symbol.asyncDispose]();
  await channel[Symbol.asyncDispose]();
}
