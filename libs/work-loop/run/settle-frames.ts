import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { LeaseRelease, WorkCompletion, WorkFailure, YieldSlot } from '#gen/millrace/state/v1/work_up_pb.ts';
import { loggedPayload } from '../values/payload.ts';
import type { Divergence } from './divergence.ts';
import { failureFromError, loopFailure } from './failure.ts';

/** How a function ended. */
export type Outcome = { readonly output: Payload | undefined } | { readonly error: unknown };

/** Counts the records of a run. */
interface Counted {
  readonly ordinal: number;
}

/** The end of a function: its output, or why there is none. An output that cannot be sent fails it. */
export function completion(counted: Counted, outcome: Outcome): WorkCompletion | WorkFailure {
  if ('error' in outcome) return failed(counted, outcome.error, false);
  try {
    const output = loggedPayload(outcome.output);
    return { $typeName: 'millrace.state.v1.WorkCompletion', handle: 0, stepCount: counted.ordinal, output };
  } catch (error) {
    return failed(counted, error, true);
  }
}

/** The failure of an attempt of a function. */
export function failed({ ordinal }: Counted, error: unknown, isFinal: boolean): WorkFailure {
  const failure = failureFromError(error);
  return {
    $typeName: 'millrace.state.v1.WorkFailure',
    handle: 0,
    stepCount: ordinal,
    failure: isFinal ? { ...failure, nonRetryable: true } : failure,
    diverged: false,
  };
}

/** Code and log disagree. */
export function diverged({ ordinal }: Counted, divergence: Divergence): WorkFailure {
  const { expectedStep, foundStep, sourceLocation, build } = divergence;
  const message = `the log has ${expectedStep}, the function came to ${foundStep}`;
  return {
    $typeName: 'millrace.state.v1.WorkFailure',
    handle: 0,
    stepCount: ordinal,
    failure: loopFailure('DIVERGED', message, false),
    diverged: true,
    divergence: { $typeName: 'millrace.state.v1.DivergenceWait', expectedStep, foundStep, sourceLocation, build },
  };
}

/** The slot goes back: what comes after this event leads to a new assignment. */
export function yielded(knownSequence: number): YieldSlot {
  return { $typeName: 'millrace.state.v1.YieldSlot', handle: 0, knownSequence: BigInt(knownSequence) };
}

/** The work goes back, its attempt not counted. */
export function handedBack(reason: string, retryAfterMs: number | undefined, unstarted = false): LeaseRelease {
  return {
    $typeName: 'millrace.state.v1.LeaseRelease',
    handle: 0,
    unstarted,
    retryAfter: retryAfterMs === undefined ? undefined : durationFromMs(retryAfterMs),
    // In characters, of at most three bytes each: 256 bytes.
    reason: reason.slice(0, 85),
  };
}

/** When work that this worker cannot do now is offered again. */
const RETRY_MS = 1_000;

/** The work goes back because this worker cannot do it now. */
export function handedBackForNow(reason: string): LeaseRelease {
  return handedBack(reason, RETRY_MS);
}
