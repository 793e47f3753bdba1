import type { PayloadRef } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { RunStarted } from '#gen/millrace/state/v1/run_events_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createCallSites } from '#libs/work-loop/run/call-sites.ts';
import type { PayloadLoader } from '#libs/work-loop/run/payload-loader.ts';
import type { AnyWorkflow } from '../author/workflow.ts';
import { workerFunctionOf } from '../run/worker-function.ts';
import type { LargePayloads } from '../values/large-payloads.ts';
import { DivergedError } from './diverged-error.ts';
import { LogReplay, type Replayed } from './log-replay.ts';
import { type History, readHistory } from './read-history.ts';

/** How a log is replayed. */
export interface ReplayOptions {
  /** What the code is told as the id of its run; the log does not say it. Default: empty. */
  readonly runId?: string;
  /** How long the code may do something else between two steps before it has diverged. At least 1, default 250. */
  readonly graceMs?: number;
  /** Gets the bytes of a payload that is too large for the log. Default: a log with one is refused. */
  readonly readPayload?: (ref: PayloadRef) => Uint8Array | Promise<Uint8Array>;
}

const GRACE_MS = 250;

/**
 * Feeds the log of a run to the code of its workflow, without a server, and answers how far it goes: the code follows it to
 * its end, or to where it waits. No code of a step is run. A log that was replayed well goes on with this code.
 *
 * Rejects with DivergedError when the code does something else, with INVALID_FIELDS for what is no log of the workflow.
 */
export async function replay(history: History, workflow: AnyWorkflow, options: ReplayOptions = {}): Promise<Replayed> {
  const { runId = '', graceMs = GRACE_MS, readPayload } = options;
  if (!(graceMs >= 1)) throw invalid('graceMs', 'must be at least 1');
  const events = await readHistory(history);
  const started = startOf(events);
  if (started.workflow !== workflow.name) {
    throw invalid('history', `must be of ${workflow.name}, and is of ${started.workflow}`);
  }
  const loadPayload = loaderOf(readPayload);
  const large: LargePayloads = {
    isLarge: () => false,
    settle: (payload) => payload,
    load: (payload, run) => loadPayload(payload, run),
  };
  const { code } = workerFunctionOf(workflow, { large, writeLog: () => undefined, build: undefined });
  const { sourceLocation } = workflow;
  const replayed = { events, started, runId, code, sourceLocation, graceMs, loadPayload };
  try {
    return await new LogReplay(replayed).end;
  } catch (error) {
    if (!(error instanceof DivergedError) || error.sourceLocation !== '') throw error;
    // Only now, because it takes long: the same once more, to find the line.
    await new LogReplay({ ...replayed, sites: createCallSites() }).end;
    throw error;
  }
}

function startOf([first]: readonly Event[]): RunStarted {
  if (first?.kind.case !== 'runStarted') throw invalid('history', 'must begin with the start of a run');
  return first.kind.value;
}

function loaderOf(readPayload: ReplayOptions['readPayload']): PayloadLoader {
  return async (payload) => {
    if (payload.value.case !== 'ref') return;
    const ref = payload.value.value;
    if (readPayload === undefined) {
      throw invalid('readPayload', `must be given: a payload of ${ref.size} bytes is not in the log`);
    }
    payload.value = { case: 'data', value: await readPayload(ref) };
  };
}

function invalid(field: string, description: string): DomainError {
  return new DomainError('INVALID_FIELDS', `${field} ${description}`, { violations: [{ field, description }] });
}
