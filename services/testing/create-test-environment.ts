import { signal } from '#libs/sdk/author/signal.ts';
import { workflow } from '#libs/sdk/author/workflow.ts';
import { openEnvironment } from './open-environment.ts';
import type { TestEnvironment, TestEnvironmentOptions } from './test-environment.ts';

let warm: Promise<void> | undefined;

/**
 * Makes an environment, and answers when its worker is connected. Engine, journal and handlers are those of the state
 * service; only its data is in memory, and messages go without a network.
 *
 * @throws INVALID_FIELDS for workflows that the server refuses.
 */
export async function createTestEnvironment(options: TestEnvironmentOptions): Promise<TestEnvironment> {
  await (warm ??= warmUp());
  return await openEnvironment(options);
}

/** Lets the code be compiled and codecs be made once in a process, so that no test waits for that. */
async function warmUp(): Promise<void> {
  const flow = workflow('warm-up', async (ctx) => {
    await ctx.step('step', async () => undefined);
    await ctx.waitFor(signal('never'), { timeoutMs: 1 });
    await ctx.sleep(1);
  });
  await using env = await openEnvironment({ workflows: [flow] });
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await env.client.execute(flow);
}

const WARM_UP_ROUNDS = 3;
