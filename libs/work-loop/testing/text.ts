import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { payloadFromBytes } from '../values/payload.ts';

/** A text as a payload. */
export function text(value: string): Payload {
  return payloadFromBytes(new TextEncoder().encode(value), 'text/plain');
}

/** The text of a payload; undefined for null. */
export function textOf(payload: Payload | undefined): string | undefined {
  return payload?.value.case === 'data' ? Buffer.from(payload.value.value).toString() : payload?.value.case;
}
