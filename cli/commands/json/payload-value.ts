import type { Payload, PayloadRef } from '#gen/millrace/common/v1/payload_pb.ts';
import { parseExactJson } from './exact-json.ts';

/** A payload that was looked at. */
export type PayloadValue =
  /** JSON; `value` is what `JSON.stringify` writes as it was written. */
  | { readonly kind: 'json'; readonly value: unknown }
  /** Something else, or encoded, or no JSON although it says so. */
  | {
      readonly kind: 'bytes';
      readonly contentType: string;
      readonly encodings: readonly string[];
      readonly data: Uint8Array;
    }
  /** Kept in the blob store. */
  | {
      readonly kind: 'ref';
      readonly contentType: string;
      readonly encodings: readonly string[];
      readonly ref: PayloadRef;
    };

/** What a payload is where it names no media type. */
export const JSON_TYPE = 'application/json';

/** Looks at a payload; one that is absent is the JSON value null. */
export function payloadValue(payload: Payload | undefined): PayloadValue {
  const { contentType: said = '', encodings = [], value = { case: undefined } } = payload ?? {};
  const contentType = said === '' ? JSON_TYPE : said;
  switch (value.case) {
    case 'ref':
      return { kind: 'ref', contentType, encodings, ref: value.value };
    case 'data':
    case 'json': {
      const data = value.case === 'json' ? new TextEncoder().encode(value.value) : value.value;
      const json = encodings.length === 0 && isJsonType(contentType) ? maybeJson(data) : undefined;
      return json ?? { kind: 'bytes', contentType, encodings, data };
    }
    default:
      return { kind: 'json', value: null };
  }
}

/** Whether bytes of this media type are a JSON text. */
export function isJsonType(contentType: string): boolean {
  const [type = ''] = contentType.toLowerCase().split(';', 1);
  return type.trim() === JSON_TYPE || type.trim().endsWith('+json');
}

function maybeJson(data: Uint8Array): PayloadValue | undefined {
  try {
    return { kind: 'json', value: parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(data)) };
  } catch {
    return undefined;
  }
}
