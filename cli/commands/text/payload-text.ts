import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { type PayloadValue, payloadValue } from '../json/payload-value.ts';
import { describeBytes } from '../terminal.ts';
import { oneLine } from './printable.ts';

/** How much of a payload an event's line shows. */
const SHORT_LENGTH = 60;

/** A payload for people: JSON over as many lines as it takes, other bytes by their number and type. */
export function payloadText(payload: Payload | undefined): string {
  const looked = payloadValue(payload);
  return looked.kind === 'json' ? JSON.stringify(looked.value, undefined, 2) : describePayload(looked);
}

/** A payload in a line, cut when it is long; nothing when it is null. */
export function shortPayload(payload: Payload | undefined): string | undefined {
  const looked = payloadValue(payload);
  if (looked.kind !== 'json') {
    return describePayload(looked);
  }
  return looked.value === null ? undefined : oneLine(JSON.stringify(looked.value), SHORT_LENGTH);
}

function describePayload(looked: Exclude<PayloadValue, { readonly kind: 'json' }>): string {
  const { contentType, encodings } = looked;
  const type = [contentType, ...encodings].join(' + ');
  const size = looked.kind === 'bytes' ? looked.data.length : Number(looked.ref.size);
  const amount = size < 1024 ? `${size} bytes` : describeBytes(size);
  return `${amount} of ${type}${looked.kind === 'ref' ? ' in the blob store' : ''}`;
}
