import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import { NULL_PAYLOAD, payloadFromLog } from '../values/payload.ts';
import { Call, type CallHost, type CallName, type EventKind } from './call.ts';

/** What a call records without running code that may wait. */
export type InstantRecord = Extract<StepRecord['record'], { case: 'value' | 'set' | 'attributes' }>;

const EVENTS: Readonly<Record<InstantRecord['case'], EventKind['case']>> = {
  value: 'valueRecorded',
  set: 'stateSet',
  attributes: 'attributesSet',
};

/** A value that is read, a key or attributes that are set: recorded at once, given when that is durable. */
export class RecordCall extends Call {
  readonly what: InstantRecord['case'];
  readonly #make: () => InstantRecord;
  readonly #resolve: (value: Payload | undefined) => void;
  readonly #reject: (error: unknown) => void;
  #value: Payload | undefined;

  /** `make` is called once, and never when the log has the record; what it throws is thrown into the function. */
  constructor(
    host: CallHost,
    name: CallName,
    what: InstantRecord['case'],
    make: () => InstantRecord,
    resolve: (value: Payload | undefined) => void,
    reject: (error: unknown) => void,
  ) {
    super(host, name);
    this.what = what;
    this.#make = make;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    let record: InstantRecord;
    try {
      record = this.#make();
    } catch (error) {
      this.finish();
      this.#reject(error);
      return;
    }
    if (record.case === 'value') this.#value = payloadFromLog(record.value);
    this.become('active');
    const { name, scope, occurrence } = this;
    this.host.record(
      { $typeName: 'millrace.state.v1.StepRecord', handle: 0, ordinal: 0, name, scope, occurrence, attempt: 0, record },
      this,
    );
  }

  onRecorded(): boolean {
    this.finish();
    this.#resolve(this.#value);
    return true;
  }

  isRecord(kind: EventKind): boolean {
    return kind.case === EVENTS[this.what];
  }

  follow(kind: EventKind): boolean {
    if (kind.case === 'valueRecorded') this.#value = payloadFromLog(kind.value.value);
    return this.onRecorded();
  }

  protected throwInto(error: Error): void {
    this.#reject(error);
  }
}

/** The mark of a patch, which nobody waits for. */
export class PatchCall extends RecordCall {
  override readonly isAwaited = false;

  constructor(host: CallHost, name: CallName) {
    super(host, name, 'value', () => ({ case: 'value', value: NULL_PAYLOAD }), doNothing, doNothing);
  }
}

function doNothing(): void {}
