import type { Command, CommandKind } from '../commands/command.ts';
import type { Run } from '../model/run.ts';
import type { Driver } from '../model/status.ts';
import { decideChildEnd, decideChildRejection, decideChildStart } from './child-reports.ts';
import { decideClaimTask, decideExtendClaim, decideForceRelease, decideReleaseClaim } from './client-claims.ts';
import { decideCheckControls, decideClearControl } from './client-controls.ts';
import {
  decideCompleteWorkItem,
  decideEnqueueItem,
  decideFailWorkItem,
  decideMoveToDeadLetter,
  decidePurgeDeadLetter,
  decideRequeueDeadLetter,
} from './client-items.ts';
import { decideAppendEvents, decideConsumeSignal, decideUpdateStatus } from './client-runs.ts';
import { decidePatchState, decideSaveSnapshot, decideSaveTaskResult } from './client-snapshots.ts';
import { decideCancel, decidePause, decideResume, decideTerminate } from './controls.ts';
import { type Decision, DONE, nothing, rejected } from './decision.ts';
import { decideDue } from './due.ts';
import { decideExpireLease, decideExtendLease, decideLeaseItem } from './leases.ts';
import { decideAnnounceBuild, decideComplete, decideFail, decideRelease, decideYield } from './settles.ts';
import { decideSendSignal } from './signals.ts';
import { decideStart } from './start.ts';
import { decidePark, decideRecordStep, decideStartChild, decideTimeOutStep, decideWithdrawWait } from './steps.ts';

const DRIVERS: Readonly<Record<CommandKind, Driver | 'BOTH'>> = {
  startRun: 'BOTH',
  wake: 'BOTH',
  sendSignal: 'BOTH',
  cancelRun: 'BOTH',
  pauseRun: 'BOTH',
  resumeRun: 'BOTH',
  terminateRun: 'BOTH',
  clearControl: 'BOTH',
  leaseItem: 'BOTH',
  extendLease: 'SERVER',
  releaseItem: 'BOTH',
  yieldSlot: 'SERVER',
  completeItem: 'SERVER',
  failItem: 'SERVER',
  expireLease: 'BOTH',
  recordStep: 'SERVER',
  timeOutStep: 'SERVER',
  parkFunction: 'SERVER',
  withdrawWait: 'SERVER',
  startChild: 'SERVER',
  announceBuild: 'SERVER',
  reportChildStart: 'SERVER',
  reportChildRejection: 'SERVER',
  reportChildEnd: 'SERVER',
  appendEvents: 'CLIENT',
  updateStatus: 'CLIENT',
  checkControls: 'CLIENT',
  consumeSignal: 'CLIENT',
  saveSnapshot: 'CLIENT',
  saveTaskResult: 'CLIENT',
  patchState: 'CLIENT',
  claimTask: 'CLIENT',
  releaseClaim: 'CLIENT',
  extendClaim: 'CLIENT',
  forceRelease: 'CLIENT',
  enqueueItem: 'CLIENT',
  completeWorkItem: 'CLIENT',
  failWorkItem: 'CLIENT',
  moveToDeadLetter: 'CLIENT',
  requeueDeadLetter: 'CLIENT',
  purgeDeadLetter: 'CLIENT',
};

/**
 * What a command leads to, decided by the run alone: nothing is changed, and the same run, command and time always give
 * the same decision.
 *
 * The life of a run
 * - PENDING: accepted, nothing has run. The first lease makes it RUNNING; a CLIENT run is made RUNNING by its runtime.
 * - RUNNING: an item of it is offered or leased, or it waits. `cancelling`: a cancel took effect on a function that had
 *   been assigned; its waits are over, only its clean-up runs, until it settles or the clean-up deadline passes.
 * - PAUSED: nothing is offered. What is leased may go on and settle, signals and timers are recorded, and what becomes
 *   ready is held. Only resume leads back to RUNNING; an end may come from anywhere.
 * - COMPLETED, FAILED, CANCELLED, TERMINATED: nothing is open any more and nothing changes any more.
 *
 * The life of a function, the node of the root path
 * - offered (ready, or retrying until its time, or held while the run is paused) → leased → parked: the worker gave the
 *   slot back and everything waits. News (a timer, a signal, the end of a child, a retry that is due) offers a parked
 *   function again, and tells the worker of a leased one.
 * - leased → offered again: released (costs nothing), lease expired (back-off), failed with a retry left.
 * - leased → diverged: offered again once a worker announces another build.
 * - leased → the end: completed, or failed with no retry left.
 *
 * The life of a task or a work item of a CLIENT run, a node of its path
 * - offered → leased → settled: its result is kept, and it is done where the run stands. A task is offered while it is to
 *   be done where the run stands, and withdrawn when the run moves on; one that is leased then stays with who has it.
 * - leased → offered again: given back (costs nothing), failed or expired with attempts left (back-off). A task that the
 *   run has left is not offered again.
 * - leased or offered → dead letter: the last attempt failed or expired, or somebody moved it. Back by a requeue, or gone.
 * - Attempts count from the first offer, the last save under the lease, or the requeue, whichever was last.
 * - While the run is PAUSED or a control is pending nothing is offered; what is leased may settle.
 *
 * Invariants
 * - An open SERVER run always has an item, something that it waits for, or a divergence: nothing is stuck.
 * - At most one worker holds an item, and its fence is larger than every fence before.
 * - Every record that a function makes has the next ordinal: records, waits and child starts share one count.
 * - Signals of one name are consumed in the order in which they came; nobody waits for a name that is buffered.
 *
 * What is due comes first: if the run's `wakeTime` has passed, the answer is `due` with events that were to happen before
 * the command. They are appended and folded, and the command is decided anew. So a lease that has run out, a wait that
 * has timed out, or a run that is over its time is never found alive by a command that came later [16, 37].
 */
export function decide(run: Run, command: Command, now: number): Decision {
  if (command.kind === 'startRun') return decideStart(run, command, now);
  if (!run.started) return rejected('RUN_NOT_FOUND');
  const driver = DRIVERS[command.kind];
  if (driver !== 'BOTH' && driver !== run.identity.driver) {
    return rejected('WRONG_DRIVER', { driver: run.identity.driver });
  }
  if (now >= run.wakeTime) return { kind: 'due', events: decideDue(run, now) };
  switch (command.kind) {
    case 'recordStep':
      return decideRecordStep(run, command, now);
    case 'leaseItem':
      return decideLeaseItem(run, command, now);
    case 'extendLease':
      return decideExtendLease(run, command, now);
    case 'releaseItem':
      return decideRelease(run, command, now);
    case 'yieldSlot':
      return decideYield(run, command, now);
    case 'completeItem':
      return decideComplete(run, command, now);
    case 'failItem':
      return decideFail(run, command, now);
    case 'expireLease':
      return decideExpireLease(run, command, now);
    case 'timeOutStep':
      return decideTimeOutStep(run, command, now);
    case 'parkFunction':
      return decidePark(run, command, now);
    case 'withdrawWait':
      return decideWithdrawWait(run, command, now);
    case 'startChild':
      return decideStartChild(run, command, now);
    case 'wake':
      return nothing(DONE);
    case 'announceBuild':
      return decideAnnounceBuild(run, command, now);
    case 'sendSignal':
      return decideSendSignal(run, command, now);
    case 'reportChildStart':
      return decideChildStart(run, command, now);
    case 'reportChildRejection':
      return decideChildRejection(run, command, now);
    case 'reportChildEnd':
      return decideChildEnd(run, command, now);
    case 'cancelRun':
      return decideCancel(run, command, now);
    case 'pauseRun':
      return decidePause(run, command, now);
    case 'resumeRun':
      return decideResume(run, command, now);
    case 'terminateRun':
      return decideTerminate(run, command, now);
    case 'appendEvents':
      return decideAppendEvents(run, command, now);
    case 'updateStatus':
      return decideUpdateStatus(run, command, now);
    case 'checkControls':
      return decideCheckControls(run, command, now);
    case 'clearControl':
      return decideClearControl(run, command, now);
    case 'consumeSignal':
      return decideConsumeSignal(run, command, now);
    case 'saveSnapshot':
      return decideSaveSnapshot(run, command, now);
    case 'saveTaskResult':
      return decideSaveTaskResult(run, command, now);
    case 'patchState':
      return decidePatchState(run, command, now);
    case 'claimTask':
      return decideClaimTask(run, command, now);
    case 'releaseClaim':
      return decideReleaseClaim(run, command, now);
    case 'extendClaim':
      return decideExtendClaim(run, command, now);
    case 'forceRelease':
      return decideForceRelease(run, command, now);
    case 'enqueueItem':
      return decideEnqueueItem(run, command, now);
    case 'completeWorkItem':
      return decideCompleteWorkItem(run, command, now);
    case 'failWorkItem':
      return decideFailWorkItem(run, command, now);
    case 'moveToDeadLetter':
      return decideMoveToDeadLetter(run, command, now);
    case 'requeueDeadLetter':
      return decideRequeueDeadLetter(run, command, now);
    case 'purgeDeadLetter':
      return decidePurgeDeadLetter(run, command, now);
  }
}
