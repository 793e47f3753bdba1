import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import { payloadOf, valueOf } from '#libs/sdk/values/value-codec.ts';
import type { TestDispatch } from '#libs/work-loop/testing/test-dispatch.ts';
import type { TestRun } from '#libs/work-loop/testing/test-run.ts';
import { keyOfStep } from '#libs/work-loop/values/step-key.ts';

/** Signals that come whether or not anybody waits for one. */
const MAX_STRAY_SIGNALS = 4;

/** What happens to a run from outside, at random moments: its children start and end, signals come, steps time out. */
export interface World {
  /** Lets something happen, perhaps. */
  tick(): void;
}

/** The world of a run. Whoever waits for a signal without a time-out gets one in the end. */
export function createWorld(dispatch: TestDispatch, run: TestRun, random: () => number): World {
  const children = new Map<number, 'scheduled' | 'started' | 'ended'>();
  const begun = new Map<string, { readonly step: StepId; readonly attempt: number }>();
  let read = 0;
  let stray = Math.floor(random() * MAX_STRAY_SIGNALS);
  let sent = 0;

  function sendSignal(): void {
    sent += 1;
    dispatch.signal(run, 'go', payloadOf(sent, 'signal'), random() < 0.5 ? '' : `id-${run.log.length}`);
  }

  function readLog(): void {
    for (; read < run.log.length; read += 1) {
      const { kind, sequence } = run.log[read] ?? {};
      const key = kind?.value !== undefined && 'step' in kind.value ? keyOfStep(kind.value.step) : undefined;
      if (key !== undefined) begun.delete(key);
      if (key !== undefined && kind?.case === 'stepBegun' && kind.value.step !== undefined) {
        begun.set(key, { step: kind.value.step, attempt: kind.value.attempt });
      }
      if (kind?.case === 'childScheduled') children.set(Number(sequence), 'scheduled');
      if (kind?.case === 'childStarted') children.set(Number(kind.value.scheduledSequence), 'started');
      if (kind?.case === 'childEnded') children.set(Number(kind.value.scheduledSequence), 'ended');
    }
  }

  function goOn(sequence: number, state: 'scheduled' | 'started'): void {
    const { kind } = run.log[sequence - 1] ?? {};
    if (kind?.case !== 'childScheduled') return;
    const { runId, input } = kind.value;
    const child = { scheduledSequence: BigInt(sequence), runId };
    if (state === 'scheduled') {
      dispatch.happen(run, { case: 'childStarted', value: { ...child, incarnation: 'i' } });
    } else if (valueOf(input, 'input') === true) {
      const failure = { type: 'Oops', message: runId };
      dispatch.happen(run, { case: 'childEnded', value: { ...child, status: RunStatus.FAILED, failure } });
    } else {
      const output = payloadOf(`${runId} is done`, 'output');
      const value = { ...child, status: RunStatus.COMPLETED, ...(output && { output }) };
      dispatch.happen(run, { case: 'childEnded', value });
    }
  }

  return {
    tick: () => {
      if (run.status !== 'open') return;
      readLog();
      for (const { step, attempt } of begun.values()) if (random() < 0.05) dispatch.timeOutStep(run, step, attempt);
      for (const [sequence, state] of children) if (state !== 'ended' && random() < 0.5) goOn(sequence, state);
      if (stray > 0 && random() < 0.3) {
        stray -= 1;
        sendSignal();
      } else if (run.waits.some(({ kind, timer }) => kind === 'signal' && timer === undefined) && random() < 0.3) {
        sendSignal();
      }
    },
  };
}
