import type { Failure } from '../model/failure.ts';
import type { Payload } from '../model/payload.ts';
import type { ForeignRejection } from '../model/rejection.ts';
import type { TerminalStatus } from '../model/status.ts';

/** The run's timer rang. What is due happens; ringing too early, or twice, changes nothing. */
export interface Wake {
  readonly kind: 'wake';
}

/** A worker announced this build of the run's version: another one than the one that diverged lifts the divergence. */
export interface AnnounceBuild {
  readonly kind: 'announceBuild';
  readonly build: string;
}

/** A named message to the run. */
export interface SendSignal {
  readonly kind: 'sendSignal';
  readonly name: string;
  /** The sender's id, by which it is stored once. Empty: none. */
  readonly signalId: string;
  readonly payload: Payload | undefined;
}

/** A child run started. */
export interface ReportChildStart {
  readonly kind: 'reportChildStart';
  readonly scheduledSequence: number;
  readonly runId: string;
  readonly childIncarnation: string;
  readonly version: string;
}

/** A child run could not be started. */
export interface ReportChildRejection {
  readonly kind: 'reportChildRejection';
  readonly scheduledSequence: number;
  readonly runId: string;
  readonly rejection: ForeignRejection;
}

/** A child run ended. It is known by its incarnation, because a run does not know the event that scheduled it. */
export interface ReportChildEnd {
  readonly kind: 'reportChildEnd';
  readonly runId: string;
  readonly childIncarnation: string;
  readonly status: TerminalStatus;
  readonly output: Payload | undefined;
  readonly failure: Failure | undefined;
}
