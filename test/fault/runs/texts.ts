import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';

/** A payload that carries a text. */
export function payloadOf(text: string): Payload {
  return {
    $typeName: 'millrace.common.v1.Payload',
    contentType: 'text/plain',
    encodings: [],
    value: { case: 'data', value: Buffer.from(text) },
  };
}

/** The text that a payload carries; empty when it carries none. */
export function textOf(payload: Payload | undefined): string {
  return payload?.value.case === 'data' ? Buffer.from(payload.value.value).toString() : '';
}
