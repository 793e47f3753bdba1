import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { needsSettling } from './settle-payload.ts';

/** The payload of a record, when it has to be stored first. */
export function maybeLargePayload({ record }: StepRecord): Payload | undefined {
  const payload = maybePayload(record);
  return payload !== undefined && needsSettling(payload) ? payload : undefined;
}

/** The same record with another payload, in the place of the one that it has. */
export function withPayload(message: StepRecord, payload: Payload): StepRecord {
  const { record } = message;
  switch (record.case) {
    case 'result':
      return { ...message, record: { case: 'result', value: payload } };
    case 'value':
      return { ...message, record: { case: 'value', value: payload } };
    case 'set':
      return { ...message, record: { case: 'set', value: { ...record.value, value: payload } } };
    case 'failed': {
      const { value } = record;
      return {
        ...message,
        record: { case: 'failed', value: { ...value, failure: withDetails(value.failure, payload) } },
      };
    }
    default:
      return message;
  }
}

/** The same failure with other details. */
export function withDetails(failure: Failure | undefined, details: Payload): Failure | undefined {
  return failure === undefined ? undefined : { ...failure, details };
}

function maybePayload(record: StepRecord['record']): Payload | undefined {
  switch (record.case) {
    case 'result':
    case 'value':
      return record.value;
    case 'set':
      return record.value.value;
    case 'failed':
      return record.value.failure?.details;
    case 'begin':
    case 'attributes':
    case undefined:
      return undefined;
  }
}
