import type { MessageInitShape } from '@bufbuild/protobuf';
import type { StartRunRequestSchema } from '#gen/millrace/state/v1/run_service_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createRunSession } from '#libs/run-session/run-session.ts';

/** Starts under way at a time: enough to fill every commit. */
const AT_A_TIME = 512;
/** Time between two lines about how far it is. */
const PROGRESS_MS = 5_000;
/**
 * Where the tables are too far behind the journal starts are refused, and whoever starts as fast as runs are taken has to
 * wait for them, however often.
 */
const PATIENCE = { maxAttempts: 1_000, retryMaxMs: 1_000 } as const;

/** What is started. */
export interface BulkStart {
  readonly address: string;
  readonly count: number;
  readonly workflow: string;
  readonly prefix: string;
  /** Tags of the run with a number. Default: none. */
  readonly tagsOf?: (index: number) => readonly string[];
  /** What else each start says. */
  readonly more?: Pick<MessageInitShape<typeof StartRunRequestSchema>, 'driver' | 'firstTask'>;
}

/** Starts many runs, as fast as they are taken. */
export async function bulkStart({ address, count, workflow, prefix, tagsOf, more = {} }: BulkStart): Promise<void> {
  const channel = createChannel({ address });
  const session = createRunSession({ channel, limits: PATIENCE });
  let next = 0;
  let lastTold = performance.now();
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const request = { ...more, workflow, runId: `${prefix}-${index}`, tags: [...(tagsOf?.(index) ?? [])] };
      await session.start(request, { brief: true }).started;
      if (performance.now() - lastTold < PROGRESS_MS) continue;
      lastTold = performance.now();
      process.stderr.write(`  ${index} of ${count} started\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, count) }, work));
  await session[Symbol.asyncDispose]();
  await channel[Symbol.asyncDispose]();
}
