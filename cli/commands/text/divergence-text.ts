import type { Divergence } from '#libs/sdk/millrace.ts';

/** How the code of a run differs from its log, as a diff. */
export function divergenceText(divergence: Divergence): string {
  const { runId, workflow, version, expectedStep, foundStep, sourceLocation } = divergence;
  return (
    `run ${runId} has diverged: ${workflow} ${version} does something else than the log of the run has\n` +
    `  - ${expectedStep}\n` +
    `  + ${foundStep}${sourceLocation === '' ? '' : ` (${sourceLocation})`}\n` +
    'nothing is lost: it goes on once a worker has other code'
  );
}
