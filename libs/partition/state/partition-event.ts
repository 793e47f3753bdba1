import type { Payload } from '#libs/engine/model/payload.ts';

/** A message to another partition stands in the outbox. [journal.md 22] */
export interface MessageQueued {
  readonly kind: 'messageQueued';
  readonly targetPartition: number;
  readonly number: number;
  readonly body: Uint8Array;
}

/** Another partition has every message up to a number. */
export interface MessagesAcknowledged {
  readonly kind: 'messagesAcknowledged';
  readonly targetPartition: number;
  readonly upTo: number;
}

/** A message of another partition took effect, in the record that holds the effect. */
export interface MessageApplied {
  readonly kind: 'messageApplied';
  readonly sourcePartition: number;
  readonly number: number;
}

/** A request was answered; a repeat gets the same answer. [journal.md 21] */
export interface RequestAnswered {
  readonly kind: 'requestAnswered';
  readonly tenantId: string;
  readonly runId: string;
  readonly rpc: string;
  readonly requestId: string;
  readonly argumentsHash: Uint8Array;
  readonly reply: Uint8Array;
  readonly expireTime: number;
}

/** A signal came for a run that does not exist yet. */
export interface SignalUnborn {
  readonly kind: 'signalUnborn';
  readonly tenantId: string;
  readonly runId: string;
  readonly name: string;
  readonly signalId: string;
  readonly payload: Payload | undefined;
  readonly sendTime: number;
  readonly expireTime: number;
}

/** The run started, and its signals were given to it. */
export interface UnbornTaken {
  readonly kind: 'unbornTaken';
  readonly tenantId: string;
  readonly runId: string;
}

/** A run cannot be folded: it is not served. [journal.md 14] */
export interface RunQuarantined {
  readonly kind: 'runQuarantined';
  readonly tenantId: string;
  readonly runId: string;
  readonly incarnation: string;
  readonly message: string;
  readonly time: number;
}

/** A quarantined run can be folded again. */
export interface RunReleased {
  readonly kind: 'runReleased';
  readonly tenantId: string;
  readonly runId: string;
}

/** An incarnation was deleted: its rows go. */
export interface RunDeleted {
  readonly kind: 'runDeleted';
  readonly tenantId: string;
  readonly runId: string;
  readonly incarnation: string;
}

/** A run diverged: it waits for another build of its code, in place of what was noted of it. */
export interface DivergenceNoted {
  readonly kind: 'divergenceNoted';
  readonly tenantId: string;
  readonly runId: string;
  readonly incarnation: string;
  readonly workflow: string;
  readonly version: string;
  /** The build that diverged. Empty: its worker did not say. */
  readonly build: string;
}

/** A run waits for no other build any more: it goes on, has ended, or is gone. */
export interface DivergenceLifted {
  readonly kind: 'divergenceLifted';
  readonly tenantId: string;
  readonly runId: string;
}

/** What happens to a partition beside its runs. */
export type PartitionEvent =
  | MessageQueued
  | MessagesAcknowledged
  | MessageApplied
  | RequestAnswered
  | SignalUnborn
  | UnbornTaken
  | RunQuarantined
  | RunReleased
  | RunDeleted
  | DivergenceNoted
  | DivergenceLifted;
