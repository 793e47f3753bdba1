import type { Attributes } from '../model/attribute.ts';
import type { Control, ControlKind } from '../model/control.ts';
import type { Failure } from '../model/failure.ts';
import type { RunParent } from '../model/parent.ts';
import type { Payload } from '../model/payload.ts';
import type { TerminalStatus } from '../model/status.ts';
import type { StepId } from '../model/step-id.ts';

/** The run was started. Always the first event. */
export interface RunStarted {
  readonly kind: 'runStarted';
  readonly workflow: string;
  readonly version: string;
  readonly definitionHash: string;
  readonly input: Payload | undefined;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly attributes: Attributes;
  readonly parent: RunParent | undefined;
  readonly runTimeoutMs: number | undefined;
  readonly requestedBy: string;
  /** The incarnation that it replaced. Empty: none. */
  readonly replacedIncarnation: string;
  readonly queue: string;
}

/** A cancel or pause was asked for. */
export interface ControlRequested {
  readonly kind: 'controlRequested';
  readonly control: Control;
}

/** A pending control was taken back or took effect. */
export interface ControlCleared {
  readonly kind: 'controlCleared';
  readonly control: ControlKind;
}

/** A cancel took effect and clean-up runs; every wait that was open is over. */
export interface CleanupStarted {
  readonly kind: 'cleanupStarted';
  readonly deadlineTime: number;
}

/** The run is held. */
export interface RunPaused {
  readonly kind: 'runPaused';
  readonly requestedBy: string;
  readonly reason: string;
}

/** The run goes on at the same position. */
export interface RunResumed {
  readonly kind: 'runResumed';
  readonly requestedBy: string;
}

/** The run ended. Always the last event. */
export interface RunEnded {
  readonly kind: 'runEnded';
  readonly status: TerminalStatus;
  readonly output: Payload | undefined;
  readonly failure: Failure | undefined;
  readonly requestedBy: string;
  readonly reason: string;
  /** The task at which a CLIENT run was cancelled. Empty: not known. */
  readonly interruptedAt: string;
}

/** Attributes were set. */
export interface AttributesSet {
  readonly kind: 'attributesSet';
  readonly attributes: Attributes;
  readonly removed: readonly string[];
  readonly step: StepId | undefined;
  /** The number of the step record. 0: none. */
  readonly ordinal: number;
}

/** A key of the state document was set. */
export interface StateSet {
  readonly kind: 'stateSet';
  readonly key: string;
  /** Absent: the key was removed. */
  readonly value: Payload | undefined;
  readonly step: StepId | undefined;
  /** The number of the step record. 0: none. */
  readonly ordinal: number;
}

/** Where code and log disagree. */
export interface Divergence {
  readonly expectedStep: string;
  readonly foundStep: string;
  readonly sourceLocation: string;
  /** The build that diverged. */
  readonly build: string;
}

/** The code came to another step than the log has. */
export interface RunDiverged {
  readonly kind: 'runDiverged';
  readonly divergence: Divergence;
}
