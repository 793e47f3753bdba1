import type { FunctionRun } from '#libs/work-loop/run/function-run.ts';

/** What a function is run with, and a call whenever the code of a step has ended, before its result is recorded. */
export function countedRun(run: FunctionRun, onStepEnded: () => void): FunctionRun {
  const changed: Pick<FunctionRun, 'step' | 'fork'> = {
    step: (name, code, options) =>
      run.step(
        name,
        async (step) => {
          try {
            return await code(step);
          } finally {
            onStepEnded();
          }
        },
        options,
      ),
    fork: (kind) => {
      const branchOf = run.fork(kind);
      return (number) => {
        const branch = branchOf(number);
        return { ...branch, run: countedRun(branch.run, onStepEnded) };
      };
    },
  };
  // The rest is what it was, properties that change among it.
  return Object.assign(Object.create(run) as FunctionRun, changed);
}
