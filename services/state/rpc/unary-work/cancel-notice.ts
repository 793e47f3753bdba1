import type { CancelNotice } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { Run } from '#libs/engine/model/run.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import { abortToProto, noticeToProto } from '../wire/assignment.ts';

/** What a worker that holds an item of a run is to give up. Undefined: it goes on. */
export function maybeCancelNotice(run: Run): CancelNotice | undefined {
  if (run.cancelling) {
    const reason = run.cancel?.reason ?? '';
    return noticeToProto(0, { kind: 'cancel', deadlineTime: run.cleanupDeadlineTime, reason });
  }
  if (run.status === 'PAUSED') return noticeToProto(0, { kind: 'pause', reason: run.pause?.reason ?? '' });
  return undefined;
}

/** That the hold on an item of a run is over: as a stream says it, with the state of a run that has ended. */
export function abortNotice(run: Run): CancelNotice {
  return abortToProto(0, isTerminal(run.status) ? run.status : 'LEASE_LOST');
}
