import type { Payload } from '../model/payload.ts';
import type { RunStatus } from '../model/status.ts';
import type { AttributesSet, ControlCleared, ControlRequested, RunEnded, RunStarted } from './run-events.ts';
import type { SignalConsumed, SignalReceived } from './wait-events.ts';

/** An event of a CLIENT run, kept as its runtime appended it. */
export interface ClientEvent {
  readonly kind: 'clientEvent';
  readonly type: string;
  readonly data: Payload | undefined;
  readonly sourceTime: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The status of a CLIENT run changed without ending it. */
export interface StatusChanged {
  readonly kind: 'statusChanged';
  readonly fromStatus: RunStatus;
  readonly toStatus: RunStatus;
  readonly reason: string;
}

/**
 * What the server did to a CLIENT run. Leases, snapshots, task results and patches of the state document join this union
 * with the calls that make them.
 */
export type SystemRecord =
  | RunStarted
  | ControlRequested
  | ControlCleared
  | StatusChanged
  | SignalReceived
  | SignalConsumed
  | RunEnded
  | AttributesSet;

/** A system record as an entry of the log. It takes no number of its own and is shown on request only. */
export interface SystemRecordEvent {
  readonly kind: 'systemRecord';
  readonly record: SystemRecord;
}
