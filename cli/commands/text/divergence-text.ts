import type { Divergence } from '#libs/sdk/millrace.ts';

/** How the code of a run differs from its log, as a diff. */
export function divergenceText({ runId, workflow, version, expectedStep, foundStep }: Divergence): string {
  return (
    `run ${runId} has diverged: ${workflow} ${version} does something else than the log of the run has\n` +
    `  - ${expectedStep}\n` +
    `  + ${foundStep}\n` +
    'nothing is lost: it goes on once a worker has other code'
  );
}
