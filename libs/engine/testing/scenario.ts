import type { Command } from '../commands/command.ts';
import type { LeaseItem, LeaseProof } from '../commands/item-commands.ts';
import type { StartRun } from '../commands/start-run.ts';
import type { ParkWait, RecordStep, StepRecord } from '../commands/step-commands.ts';
import type { Reply } from '../decide/decision.ts';
import type { Effect } from '../effects/effect.ts';
import type { Event, EventKind, EventOf } from '../events/event.ts';
import type { DefinitionRules } from '../model/definition-rules.ts';
import type { Failure } from '../model/failure.ts';
import type { Payload } from '../model/payload.ts';
import type { Rejection } from '../model/rejection.ts';
import { createRun, ROOT, type Run, type RunIdentity } from '../model/run.ts';
import type { Driver } from '../model/status.ts';
import type { StepId } from '../model/step-id.ts';
import { type Performance, perform } from '../perform.ts';

/** Rules that say nothing. */
export const NO_RULES: DefinitionRules = {
  retry: undefined,
  scheduleToStartMs: undefined,
  cleanupTimeoutMs: undefined,
};

/** The incarnation of every run of a test. */
export const INCARNATION: string = '01980000-0000-7000-8000-000000000001';

/** Who a run of a test is. */
export function identityFor(driver: Driver): RunIdentity {
  return { tenantId: 'default', runId: 'order-42', incarnation: INCARNATION, driver };
}

/** A run with a clock, and everything that its commands led to. */
export interface Scenario {
  readonly run: Run;
  readonly log: Event[];
  now: number;
  /** The events and effects of the last command. */
  events: readonly Event[];
  effects: readonly Effect[];
  /** Does a command that is to be accepted, and answers the reply. */
  readonly accept: (command: Command) => Reply;
  /** Does a command that is to be refused, and answers why. */
  readonly refuse: (command: Command) => Rejection;
  attempt: (command: Command) => Performance;
  /** Lets time pass, and rings the run's timer. */
  readonly pass: (ms: number) => void;
  /** Gives the function to a worker and answers the proof. */
  readonly lease: (change?: Partial<LeaseItem>) => LeaseProof;
  /** Records a step with the next ordinal. */
  readonly step: (proof: LeaseProof, record?: StepRecord, name?: string) => Reply;
  readonly park: (proof: LeaseProof, wait: ParkWait, name?: string) => Reply;
  readonly yield: (proof: LeaseProof) => Reply;
  readonly kinds: () => readonly EventKind[];
  readonly effectKinds: () => ReadonlyArray<Effect['kind']>;
  readonly lastOf: <Kind extends EventKind>(kind: Kind) => EventOf<Kind>;
}

/** A start of a run of a test. */
export function startCommand(change: Partial<StartRun> = {}): StartRun {
  return {
    kind: 'startRun',
    workflow: 'order',
    version: '1',
    definitionHash: 'h1',
    input: payloadOf('{}'),
    priority: 3,
    tags: [],
    attributes: {},
    parent: undefined,
    runTimeoutMs: undefined,
    requestedBy: 'ann',
    replacedIncarnation: '',
    queue: 'default',
    ...change,
  };
}

/** A JSON payload. */
export function payloadOf(json: string): Payload {
  return { contentType: '', encodings: [], data: new TextEncoder().encode(json), ref: undefined };
}

/** A failure of user code. */
export function failureOf(type: string, nonRetryable: boolean = false): Failure {
  return {
    type,
    message: 'it broke',
    stack: '',
    causes: [],
    nonRetryable,
    details: undefined,
    nodePath: '',
    attempts: undefined,
  };
}

/** A step of the function itself. */
export function stepOf(name: string, occurrence: number = 0): StepId {
  return { scope: '', name, occurrence };
}

/** The record of a result with this ordinal. */
export function recordCommand(proof: LeaseProof, ordinal: number, change: Partial<RecordStep> = {}): RecordStep {
  return {
    kind: 'recordStep',
    lease: proof,
    ordinal,
    step: stepOf('charge', ordinal),
    attempt: 1,
    record: { kind: 'result', result: payloadOf('1') },
    ...change,
  };
}

/** The options of a child that wants nothing special. */
export const CHILD_OPTIONS = {
  priority: 3,
  tags: [],
  attributes: {},
  runTimeoutMs: undefined,
  queue: '',
} as const;

/** A run that has been started, or one that has not when `start` is null. */
export function createScenario(
  driver: Driver = 'SERVER',
  rules: Partial<DefinitionRules> = {},
  start: Partial<StartRun> | null = {},
): Scenario {
  const run = createRun(identityFor(driver), { ...NO_RULES, ...rules });
  const log: Event[] = [];
  let fence = 1n << 56n;
  const scenario: Scenario = {
    run,
    log,
    now: 1_000_000,
    events: [],
    effects: [],
    attempt(command) {
      const done = perform(run, command, scenario.now);
      log.push(...done.events);
      scenario.events = done.events;
      scenario.effects = done.effects;
      return done;
    },
    accept(command) {
      const { result } = scenario.attempt(command);
      if (result.kind === 'accepted') return result.reply;
      throw new TypeError(`${command.kind} was refused: ${result.rejection.reason}`);
    },
    refuse(command) {
      const { result } = scenario.attempt(command);
      if (result.kind === 'rejected') return result.rejection;
      throw new TypeError(`${command.kind} was accepted`);
    },
    pass(ms) {
      scenario.now += ms;
      scenario.accept({ kind: 'wake' });
    },
    lease(change = {}) {
      fence += 1n;
      const itemSequence = run.nodes.get(ROOT)?.item?.itemSequence ?? 0;
      const command: LeaseItem = {
        kind: 'leaseItem',
        nodePath: ROOT,
        itemSequence,
        workerId: 'worker-1',
        sessionId: 'session-1',
        fence,
        expiry: { kind: 'heartbeat' },
        ...change,
      };
      scenario.accept(command);
      return { incarnation: INCARNATION, nodePath: ROOT, itemSequence, fence: command.fence };
    },
    step: (proof, record = { kind: 'result', result: payloadOf('1') }, name = 'charge') => {
      const ordinal = run.stepCount + 1;
      const step = stepOf(name, name === 'charge' ? ordinal : 0);
      return scenario.accept(recordCommand(proof, ordinal, { record, step }));
    },
    park: (lease, wait, name = wait.kind) =>
      scenario.accept({ kind: 'parkFunction', lease, ordinal: run.stepCount + 1, step: stepOf(name), wait }),
    yield: (lease) => scenario.accept({ kind: 'yieldSlot', lease, knownSequence: run.lastSequence }),
    kinds: () => scenario.events.map(({ kind }) => kind),
    effectKinds: () => scenario.effects.map(({ kind }) => kind),
    lastOf(kind) {
      const found = log.findLast((event) => event.kind === kind);
      if (found === undefined) throw new TypeError(`no ${kind} in the log`);
      return found as EventOf<typeof kind>;
    },
  };
  if (start !== null) scenario.accept(startCommand(start));
  return scenario;
}
