import type { ClaimCommand } from './claim-commands.ts';
import type { ClientCommand } from './client-commands.ts';
import type { CancelRun, PauseRun, ResumeRun, TerminateRun } from './control-commands.ts';
import type {
  CompleteItem,
  ExpireLease,
  ExtendLease,
  FailItem,
  LeaseItem,
  ReleaseItem,
  YieldSlot,
} from './item-commands.ts';
import type { StartRun } from './start-run.ts';
import type { ParkFunction, RecordStep, StartChild, TimeOutStep, WithdrawWait } from './step-commands.ts';
import type {
  AnnounceBuild,
  ReportChildEnd,
  ReportChildRejection,
  ReportChildStart,
  SendSignal,
  Wake,
} from './world-commands.ts';

/** Everything that can be asked of a run. */
export type Command =
  | StartRun
  | LeaseItem
  | ExtendLease
  | ReleaseItem
  | YieldSlot
  | CompleteItem
  | FailItem
  | ExpireLease
  | RecordStep
  | TimeOutStep
  | ParkFunction
  | WithdrawWait
  | StartChild
  | Wake
  | AnnounceBuild
  | SendSignal
  | ReportChildStart
  | ReportChildRejection
  | ReportChildEnd
  | CancelRun
  | PauseRun
  | ResumeRun
  | TerminateRun
  | ClientCommand
  | ClaimCommand;

/** The name of a command. */
export type CommandKind = Command['kind'];
