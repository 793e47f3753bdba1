import { afterAll, beforeAll, describe } from 'vitest';
import { type ServedState, serveState } from '#test/contract/state/serve-state.ts';
import type { StateHome } from '#test/contract/state/state-homes.ts';

/** A suite about runs, on whatever store it is given. */
export type RunsContract = (name: string, createHome: () => Promise<StateHome>) => void;

/** A suite whose tests share one state service on a store of its own. */
export function describeServed(
  name: string,
  createHome: () => Promise<StateHome>,
  suite: (served: () => ServedState) => void,
): void {
  describe(name, { timeout: 60_000 }, () => {
    const stack = new AsyncDisposableStack();
    let served: ServedState | undefined;

    beforeAll(async () => {
      const home = stack.use(await createHome());
      served = stack.use(await serveState(stack.use(await home.openState())));
    }, 60_000);
    afterAll(async () => await stack.disposeAsync(), 60_000);

    suite(() => {
      if (served === undefined) throw new TypeError('the service is up in tests alone');
      return served;
    });
  });
}
