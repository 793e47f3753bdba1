import type { Run } from '#gen/millrace/state/v1/run_pb.ts';
import type { ExplainRunResponse } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { Reason } from './reason.ts';

/** Blockers that are told at most. */
export const MAX_BLOCKERS = 100;

/** Puts the most severe reasons first, and the first of them in words. `left`: how many there are that are not here. */
export function explanationFrom(run: Run, reasons: readonly Reason[], left: number = 0): ExplainRunResponse {
  const ordered = reasons.toSorted((a, b) => b.severity - a.severity);
  return {
    $typeName: 'millrace.state.v1.ExplainRunResponse',
    run,
    blockers: ordered.slice(0, MAX_BLOCKERS).map(({ blocker }) => blocker),
    blockersTruncated: ordered.length + left > MAX_BLOCKERS,
    summary: summaryOf(run.cancelling, ordered[0], ordered.length + left - 1),
  };
}

function summaryOf(isCancelling: boolean, first: Reason | undefined, others: number): string {
  const words = first === undefined ? 'nothing holds the run up: it moves' : first.words;
  const cleanUp = isCancelling ? 'the run is being cancelled and cleans up: ' : '';
  const more = others <= 0 ? '' : ` (and ${others === 1 ? 'one more reason' : `${others} more reasons`})`;
  const sentence = `${cleanUp}${words}${more}.`;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
