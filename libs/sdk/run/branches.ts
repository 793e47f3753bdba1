import type { FunctionBranch, FunctionRun } from '#libs/work-loop/run/function-run.ts';

/** How a branch ended. */
type BranchEnd<R> = { readonly value: R } | { readonly error: unknown };

/** What follows the end of a branch: the rest goes on, or is cancelled. */
type Verdict = 'go on' | 'enough';

/** Branches that run beside each other, so many at a time. */
interface BranchPlan<R> {
  readonly kind: string;
  readonly count: number;
  readonly concurrency: number;
  readonly call: (run: FunctionRun, index: number) => Promise<R>;
  /** A branch has ended; not asked again after `enough`. */
  readonly onEnd: (end: BranchEnd<R>, index: number) => Verdict;
}

/**
 * Runs branches and answers once all that were begun have ended: nothing of them is left behind. Which one is begun next
 * follows from the order in which they end, which is that of the log.
 */
function runBranches<R>(run: FunctionRun, plan: BranchPlan<R>): Promise<void> {
  const branches = run.fork(plan.kind);
  const active = new Set<FunctionBranch>();
  let next = 0;
  let isEnough = false;

  return new Promise((resolve, reject) => {
    function ended(branch: FunctionBranch, index: number, end: BranchEnd<R>): void {
      branch.end();
      active.delete(branch);
      if (!isEnough && plan.onEnd(end, index) === 'enough') {
        isEnough = true;
        branches.cancel(active);
      }
      beginMore();
    }

    function begin(index: number): void {
      const branch = branches.branch(index);
      active.add(branch);
      // In a function of its own, so that what is thrown before the first wait is a rejection too.
      (async () => plan.call(branch.run, index))().then(
        (value) => ended(branch, index, { value }),
        (error: unknown) => ended(branch, index, { error }),
      );
    }

    function beginMore(): void {
      try {
        while (!isEnough && active.size < plan.concurrency && next < plan.count) {
          next += 1;
          begin(next - 1);
        }
      } catch (error) {
        // A scope that is too deep: nothing of this can be begun.
        reject(error);
        return;
      }
      if (active.size === 0) resolve();
    }

    beginMore();
  });
}

/** What every branch gives, in their order. Rejects with the first failure, once all have ended. */
export async function allOf<R>(run: FunctionRun, plan: Omit<BranchPlan<R>, 'kind' | 'onEnd'>): Promise<R[]> {
  const results: R[] = Array.from({ length: plan.count });
  let failure: { readonly error: unknown } | undefined;
  await runBranches(run, {
    ...plan,
    kind: 'all',
    onEnd: (end, index) => {
      if ('error' in end) {
        failure = end;
        return 'enough';
      }
      results[index] = end.value;
      return 'go on';
    },
  });
  if (failure !== undefined) throw failure.error;
  return results;
}

/** What the first branch to end gives, or why it failed. */
export async function raceOf<R>(run: FunctionRun, plan: Omit<BranchPlan<R>, 'kind' | 'onEnd'>): Promise<R> {
  let first: BranchEnd<R> | undefined;
  await runBranches(run, {
    ...plan,
    kind: 'race',
    onEnd: (end) => {
      first = end;
      return 'enough';
    },
  });
  if (first === undefined) throw new RangeError('a race must have at least one branch');
  if ('error' in first) throw first.error;
  return first.value;
}

/** What the first branch to succeed gives. Rejects with all failures when none does. */
export async function anyOf<R>(run: FunctionRun, plan: Omit<BranchPlan<R>, 'kind' | 'onEnd'>): Promise<R> {
  const errors: unknown[] = [];
  let success: { readonly value: R } | undefined;
  await runBranches(run, {
    ...plan,
    kind: 'any',
    onEnd: (end, index) => {
      if ('error' in end) {
        errors[index] = end.error;
        return 'go on';
      }
      success = end;
      return 'enough';
    },
  });
  if (success === undefined) throw new AggregateError(errors, 'no branch succeeded');
  return success.value;
}
