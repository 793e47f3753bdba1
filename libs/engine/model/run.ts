import type { Divergence } from '../events/run-events.ts';
import type { AttributeValue } from './attribute.ts';
import { type ClientState, createClientState } from './client-state.ts';
import type { Control } from './control.ts';
import type { DefinitionRules } from './definition-rules.ts';
import { emptyMap } from './open-map.ts';
import type { OpenNode } from './open-node.ts';
import type { Child, OpenStep, Wait } from './open-things.ts';
import type { RunParent } from './parent.ts';
import { noSignals, type SignalBuffer } from './signal-buffer.ts';
import type { Driver, RunStatus } from './status.ts';

/** What never changes of an incarnation, and is not in its log. */
export interface RunIdentity {
  readonly tenantId: string;
  readonly runId: string;
  readonly incarnation: string;
  readonly driver: Driver;
}

/** Who holds a run, and why. */
export interface Pause {
  readonly requestedBy: string;
  readonly reason: string;
  readonly sinceTime: number;
}

/**
 * One incarnation of a run as the fold of its log: what is open, counters and numbers of events, but no result and no
 * payload. Its size depends on what is open, never on how much has happened.
 *
 * `evolve` changes it in place, and nothing else does. There is no undo: when a partition is lost, the memory of all its
 * runs is dropped whole and folded again from what is durable.
 */
export interface Run {
  readonly identity: RunIdentity;
  readonly rules: DefinitionRules;
  /** The last event's number. 0: the log is empty. */
  lastSequence: number;
  /** Whether it was started; until then nothing else here means anything. */
  started: boolean;
  status: RunStatus;
  /** A cancel is under way: only clean-up runs. Only with RUNNING. */
  cancelling: boolean;
  workflow: string;
  version: string;
  definitionHash: string;
  priority: number;
  tags: readonly string[];
  queue: string;
  parent: RunParent | undefined;
  createTime: number;
  /** When something first ran. Absent: not yet. It is also whether a function may have something to clean up. */
  startTime: number | undefined;
  endTime: number | undefined;
  updateTime: number;
  /** When the run times out. Infinity: never. */
  deadlineTime: number;
  /** When clean-up is cut off. Infinity: no cancel is under way. */
  cleanupDeadlineTime: number;
  /** How many step records there are; the next one has the next number. */
  stepCount: number;
  /** The last event that code has to hear of and did not cause itself. */
  newsSequence: number;
  /** The largest fence that was given out. */
  lastFence: bigint;
  attributes: ReadonlyMap<string, AttributeValue>;
  /** The event that holds the value of each key of the state document. */
  stateKeys: ReadonlyMap<string, number>;
  /** Open nodes by path. A function is the node of the root path, the empty one. */
  nodes: ReadonlyMap<string, OpenNode>;
  /** Timers and waits for signals by the event that began them. */
  waits: ReadonlyMap<number, Wait>;
  /** Children that have not ended, by the event that scheduled them. */
  children: ReadonlyMap<number, Child>;
  /** Steps with an attempt under way or a retry ahead, by `stepKey`. */
  openSteps: ReadonlyMap<string, OpenStep>;
  signals: SignalBuffer;
  /** The cancel that is pending (CLIENT) or under way (SERVER). */
  cancel: Control | undefined;
  /** The pause that is pending. CLIENT runs only. */
  pendingPause: Control | undefined;
  pause: Pause | undefined;
  /** When it was last resumed. 0: never. */
  resumeTime: number;
  /** The function waits for a worker with another build. */
  divergence: Divergence | undefined;
  divergedTime: number;
  /** What only a CLIENT run has. Absent: a SERVER run. */
  client: ClientState | undefined;
  /**
   * When it has something to do by itself next: the earliest of all its timers, time-outs and deadlines. Infinity:
   * nothing. The shell keeps one timer a run, armed with this.
   */
  wakeTime: number;
}

/** The root path: the node of a function. */
export const ROOT: string = '';

/** A run whose log is empty. */
export function createRun(identity: RunIdentity, rules: DefinitionRules): Run {
  return {
    identity,
    rules,
    lastSequence: 0,
    started: false,
    status: 'PENDING',
    cancelling: false,
    workflow: '',
    version: '',
    definitionHash: '',
    priority: 3,
    tags: [],
    queue: '',
    parent: undefined,
    createTime: 0,
    startTime: undefined,
    endTime: undefined,
    updateTime: 0,
    deadlineTime: Infinity,
    cleanupDeadlineTime: Infinity,
    stepCount: 0,
    newsSequence: 0,
    lastFence: 0n,
    attributes: emptyMap(),
    stateKeys: emptyMap(),
    nodes: emptyMap(),
    waits: emptyMap(),
    children: emptyMap(),
    openSteps: emptyMap(),
    signals: noSignals(0),
    cancel: undefined,
    pendingPause: undefined,
    pause: undefined,
    resumeTime: 0,
    divergence: undefined,
    divergedTime: 0,
    client: identity.driver === 'CLIENT' ? createClientState() : undefined,
    wakeTime: Infinity,
  };
}
