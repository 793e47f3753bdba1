import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Run, RunSchema, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { RunAction, type SessionControl } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { Command } from '#libs/engine/commands/command.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { runToProto } from '../wire/run.ts';
import { commitTokenOf } from './commit-token.ts';
import { once } from './once.ts';

/** What a control says. */
export type ControlRequest = Pick<
  SessionControl,
  'runId' | 'incarnation' | 'action' | 'reason' | 'requestedBy' | 'requestId'
>;

/** What came of a control. */
export interface Controlled {
  /** The run, in its basic view. */
  readonly run: Run;
  readonly hasChanged: boolean;
  readonly commitToken: string;
  readonly status: Run['status'];
}

/**
 * Cancels, pauses, resumes or terminates a run, as the control matrix has it [26].
 *
 * @throws RUN_NOT_FOUND, CANNOT_CANCEL, CANNOT_PAUSE, NOT_PAUSED, REQUEST_ID_REUSED.
 */
export async function controlRun(
  context: StateContext,
  call: CallContext,
  request: ControlRequest,
): Promise<Controlled> {
  const { runId, incarnation, action, reason } = request;
  const key = { tenantId: call.tenantId, runId };
  const requestedBy = request.requestedBy || call.principal.name;
  const { rpc, command } = commandOf(action, requestedBy, reason);
  return await once<Controlled>(context, {
    key,
    rpc,
    requestId: request.requestId,
    words: [incarnation, requestedBy, reason],
    intent: command.kind,
    act: (visit, position) => {
      const before = placeIn(visit.hot);
      const hot = controlInVisit(visit, key, incarnation, command);
      const run = runToProto(hot, RunView.BASIC);
      const commitToken = commitTokenOf(context.node.partitionOf(key), position);
      return { run, hasChanged: placeIn(hot) !== before, commitToken, status: run.status };
    },
    encode: ({ run, hasChanged, commitToken }) =>
      Buffer.concat([Buffer.from(`${hasChanged ? 1 : 0}${commitToken}\n`), toBinary(RunSchema, run)]),
    decode: (bytes) => {
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const end = text.indexOf('\n');
      const run = fromBinary(RunSchema, text.subarray(end + 1));
      const commitToken = text.toString('utf8', 1, end);
      return { run, hasChanged: text.toString('utf8', 0, 1) === '1', commitToken, status: run.status };
    },
  });
}

/**
 * Does what a control says to the newest incarnation of a run.
 *
 * @throws RUN_NOT_FOUND, also for another incarnation, and what the control matrix refuses.
 */
export function controlInVisit(visit: RunVisit, key: RunKey, incarnation: string, command: Command): HotRun {
  const { hot } = visit;
  if (hot === undefined) throw runNotFound(key);
  // One that was replaced has ended, and nothing changes it any more.
  if (incarnation !== '' && hot.identity.incarnation !== incarnation) throw runNotFound(key, incarnation);
  const result = visit.perform(command);
  if (result.kind === 'rejected') throw errorFromRejection(result.rejection, key);
  return hot;
}

/** How many entries a log has; those of CLIENT runs are counted apart. */
function placeIn(hot: HotRun | undefined): number {
  return hot === undefined ? 0 : hot.run.lastSequence + (hot.run.client?.records ?? 0);
}

function commandOf(
  action: RunAction,
  requestedBy: string,
  reason: string,
): { readonly rpc: string; readonly command: Command } {
  switch (action) {
    case RunAction.CANCEL:
      return { rpc: 'CancelRun', command: { kind: 'cancelRun', requestedBy, reason } };
    case RunAction.PAUSE:
      return { rpc: 'PauseRun', command: { kind: 'pauseRun', requestedBy, reason } };
    case RunAction.RESUME:
      return { rpc: 'ResumeRun', command: { kind: 'resumeRun', requestedBy, reason } };
    case RunAction.TERMINATE:
      return { rpc: 'TerminateRun', command: { kind: 'terminateRun', requestedBy, reason } };
    default: {
      const description = 'must be an action';
      throw new DomainError('INVALID_FIELDS', `action ${description}`, {
        violations: [{ field: 'action', description }],
      });
    }
  }
}
