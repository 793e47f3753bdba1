import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import type { Call, EventKind } from './call.ts';

/** A record of a function, as the log has it. */
export interface RecordEvent {
  readonly step: StepId;
  readonly ordinal: number;
}

/** The step and ordinal of an event that is a record of a function; undefined for all others. */
export function maybeRecord(kind: EventKind): RecordEvent | undefined {
  switch (kind.case) {
    case 'stepRecorded':
    case 'stepBegun':
    case 'stepFailed':
    case 'valueRecorded':
    case 'stateSet':
    case 'attributesSet':
    case 'timerStarted':
    case 'signalWaitStarted':
    case 'childScheduled':
    case 'childWaitStarted': {
      const { step, ordinal } = kind.value;
      return step === undefined || ordinal === 0 ? undefined : { step, ordinal };
    }
    default:
      return undefined;
  }
}

const WHAT: Partial<Readonly<Record<NonNullable<EventKind['case']>, string>>> = {
  stepRecorded: 'step',
  stepBegun: 'step',
  stepFailed: 'step',
  valueRecorded: 'value',
  stateSet: 'set',
  attributesSet: 'attributes',
  timerStarted: 'timer',
  signalWaitStarted: 'signal',
  childScheduled: 'child',
  childWaitStarted: 'childWait',
};

/** A record for people: `step charge #0`. */
export function describeRecord(kind: EventKind, { scope, name, occurrence }: StepId): string {
  return describe(WHAT[kind.case ?? 'systemRecord'] ?? 'record', scope, name, occurrence);
}

/** A call for people, as `describeRecord`. */
export function describeCall({ what, scope, name, occurrence }: Call): string {
  return describe(what, scope, name, occurrence);
}

function describe(what: string, scope: string, name: string, occurrence: number): string {
  return `${what} ${scope === '' ? name : `${scope}/${name}`} #${occurrence}`;
}
