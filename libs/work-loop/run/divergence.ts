import type { Call } from './call.ts';
import type { CallSites } from './call-sites.ts';
import { describeCall } from './describe-event.ts';
import type { RunFacts } from './function-run.ts';

/** A run whose code came to something else than its log has. */
export interface Divergence {
  readonly runId: string;
  readonly incarnation: string;
  readonly workflow: string;
  readonly version: string;
  /** What the log has, for people: `step charge #0`. */
  readonly expectedStep: string;
  /** What the code came to, for people. */
  readonly foundStep: string;
  /** Where the code came to it: `file:line:column`. Empty: not known. */
  readonly sourceLocation: string;
  /** Names the code. */
  readonly build: string;
}

/** The divergence of a run. What was found is one of its calls, or the end of its code. */
export function divergenceOf(
  { runId, incarnation, workflow, version }: RunFacts,
  where: Pick<Divergence, 'expectedStep' | 'foundStep' | 'build'>,
  calls: Iterable<Call>,
  sites: CallSites | undefined,
): Divergence {
  const found = Array.from(calls).find((call) => where.foundStep.startsWith(describeCall(call)));
  const sourceLocation = (found && sites?.placeOf(found)) ?? '';
  return { runId, incarnation, workflow, version, sourceLocation, ...where };
}
