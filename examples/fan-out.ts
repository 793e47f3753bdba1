// A thousand pictures: each is resized in a branch of its own, fifty at a time, and what failed is told at the end.
// Run it with a state service at localhost:7400: node examples/fan-out.ts [address]. Kill it anywhere and run it again.
import { setTimeout as delay } from 'node:timers/promises';
import { Client, StepError, Worker, type Workflow, workflow } from 'millrace';

interface Album {
  readonly pictures: number;
}

interface Result {
  readonly resized: number;
  readonly bytes: number;
  readonly failed: readonly string[];
}

/** What would call a service: it takes a moment, and every hundredth picture is broken. */
async function resize(picture: string): Promise<number> {
  await delay(5);
  if (picture.endsWith('99')) throw new RangeError(`${picture} is no picture`);
  return 1_000 + picture.length;
}

export const resizeAlbum: Workflow<Album, Result> = workflow('resize-album', async (ctx, { pictures }) => {
  const names = Array.from({ length: pictures }, (_, index) => `picture-${index}`);
  let done = 0;
  const sizes = await ctx.all(
    names,
    async (branch, name) => {
      try {
        const size = await branch.step('resize', () => resize(name), {
          retry: { maxAttempts: 2, initialIntervalMs: 10 },
        });
        done += 1;
        if (done % 100 === 0) {
          branch.log.info(`${done} resized`);
          await branch.set('done', done);
        }
        return size;
      } catch (error) {
        if (error instanceof StepError) return undefined;
        throw error;
      }
    },
    { concurrency: 50 },
  );
  return {
    resized: sizes.filter((size) => size !== undefined).length,
    bytes: sizes.reduce((sum: number, size) => sum + (size ?? 0), 0),
    failed: names.filter((_, index) => sizes[index] === undefined),
  };
});

if (import.meta.main) {
  const address = process.argv[2] ?? 'localhost:7400';
  await using worker = new Worker({ address, workflows: [resizeAlbum], onLog: ({ message }) => console.log(message) });
  await worker.start();
  await using client = new Client({ address });
  const run = await client.start(resizeAlbum, { pictures: 1_000 }, { runId: 'album-1', onConflict: 'USE_EXISTING' });
  const { resized, bytes, failed } = await run.result();
  console.log(`album-1: ${resized} resized to ${bytes} bytes, ${failed.length} failed`);
}
