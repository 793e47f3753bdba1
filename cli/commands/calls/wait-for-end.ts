import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Run } from '#gen/millrace/state/v1/run_pb.ts';
import type { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { RpcClient } from '#libs/rpc/client/client.ts';
import type { CommandContext } from '../command.ts';
import { statusText } from '../text/names.ts';
import { waitText } from '../text/wait-text.ts';
import { answered } from './answered.ts';
import { createPatience } from './patience.ts';

/** One call waits no longer, so that people see what the run does and proxies do not take it for dead. */
const STRIDE_MS = 20_000;
/** The first call answers soon, so that people see what the run waits for. */
const FIRST_STRIDE_MS = 1_000;
/** What a call takes besides its waiting. */
const CALL_MS = 10_000;

/** Which run. */
export interface RunRef {
  readonly tenantId: string;
  readonly runId: string;
  /** Empty: the newest. */
  readonly incarnation: string;
}

/** How a run stands once it was waited for. */
export interface WaitedRun {
  /** False: it was open when the time was up. */
  readonly ended: boolean;
  /** All of it but its input. */
  readonly run: Run;
}

/**
 * Waits for the end of one incarnation: of the one that is named, or the one that is the newest at the beginning. A
 * service that goes away meanwhile is waited for as well.
 *
 * @param timeoutMs how long; Infinity without an end.
 * @throws RUN_NOT_FOUND, and what else the service answers.
 */
export async function waitForEnd(
  runs: RpcClient<typeof RunService>,
  ref: RunRef,
  timeoutMs: number,
  { nowMs, wallMs, signal, terminal }: Pick<CommandContext, 'nowMs' | 'wallMs' | 'signal' | 'terminal'>,
): Promise<WaitedRun> {
  const endMs = nowMs() + timeoutMs;
  const patience = createPatience({ nowMs, signal, terminal }, endMs);
  let { incarnation } = ref;
  let strideMs = FIRST_STRIDE_MS;
  for (;;) {
    const waitMs = Math.max(0, Math.min(strideMs, endMs - nowMs()));
    try {
      const call = { signal, deadlineMs: waitMs + CALL_MS };
      const answer = await runs.waitRun({ ...ref, incarnation, wait: durationFromMs(Math.ceil(waitMs)) }, call);
      patience.heard();
      const run = answered(answer.run, 'the run');
      if (answer.ended || nowMs() >= endMs) {
        return { ended: answer.ended, run };
      }
      incarnation = run.incarnation;
      strideMs = STRIDE_MS;
      terminal.progress(describe(run, wallMs()));
    } catch (error) {
      await patience.pause(error);
    }
  }
}

function describe(run: Run, nowMs: number): string {
  const [first, ...others] = run.waits;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${run.runId} is ${statusText(run)}${first === undefined ? '' : `: waits for ${waitText(first, nowMs)}${more}`}`;
}
