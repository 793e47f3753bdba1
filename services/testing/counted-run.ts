import type { FunctionBranch, FunctionRun, StepFunction } from '#libs/work-loop/run/function-run.ts';

/** What a function is run with, and a call whenever the code of a step has ended, before its result is recorded. */
export function countedRun(run: FunctionRun, onStepEnded: () => void): FunctionRun {
  const counted =
    (code: StepFunction): StepFunction =>
    async (step) => {
      try {
        return await code(step);
      } finally {
        onStepEnded();
      }
    };
  const changed: Pick<FunctionRun, 'step' | 'stepAs' | 'fork'> = {
    step: (name, code, options) => run.step(name, counted(code), options),
    stepAs: (name, code, options, read) => run.stepAs(name, counted(code), options, read),
    fork: (kind) => {
      const branches = run.fork(kind);
      const branch = (number: number): FunctionBranch => {
        const made = branches.branch(number);
        return { ...made, run: countedRun(made.run, onStepEnded) };
      };
      return { branch, cancel: (some) => branches.cancel(some) };
    },
  };
  // The rest is what it was, properties that change among it.
  return Object.assign(Object.create(run) as FunctionRun, changed);
}
