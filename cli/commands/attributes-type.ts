import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { AttributeValue, AttributeValueSchema } from '#gen/millrace/state/v1/attribute_pb.ts';
import { ValueFault, type ValueType } from '#libs/config/value-type.ts';
import { parseExactJson } from './json/exact-json.ts';

/** An attribute as a request takes it. */
export type AttributeInit = Exclude<MessageInitShape<typeof AttributeValueSchema>, AttributeValue>;

/** Attributes by their names. */
export type Attributes = Readonly<Record<string, AttributeInit>>;

/**
 * Attributes as a JSON object. A text is a keyword, a list of texts a keyword list, `12` an integer, `12.0` a double,
 * `{"time": "2026-03-01T12:00:00Z"}` a moment.
 */
export function attributes(): ValueType<Attributes> {
  return {
    placeholder: 'json',
    rule: 'a JSON object with texts, numbers, true, false, lists of texts or {"time": "…"}',
    parse(raw) {
      const object = maybeObject(raw);
      const entries = Object.entries(object ?? {}).map(([name, value]) => [name, attributeOf(name, value)] as const);
      return object === undefined ? undefined : Object.fromEntries(entries);
    },
    format: (value) => Object.keys(value).join(','),
  };
}

function maybeObject(raw: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseExactJson(raw);
    return isObject(value) && !Array.isArray(value) && maybeNumber(value) === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}

function attributeOf(name: string, value: unknown): AttributeInit {
  if (typeof value === 'string') {
    return { kind: { case: 'keywordValue', value } };
  }
  if (typeof value === 'boolean') {
    return { kind: { case: 'booleanValue', value } };
  }
  const digits = maybeNumber(value);
  if (digits !== undefined) {
    return /^-?\d+$/.test(digits)
      ? { kind: { case: 'integerValue', value: BigInt(digits) } }
      : { kind: { case: 'doubleValue', value: Number(digits) } };
  }
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) {
    return { kind: { case: 'keywordList', value: { values: value } } };
  }
  const time = isObject(value) ? value['time'] : undefined;
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (!Number.isNaN(ms)) {
    return { kind: { case: 'pointInTime', value: timestampFromMs(ms) } };
  }
  throw new ValueFault(`${name} must be a text, a number, true, false, a list of texts or {"time": "…"}`);
}

/** A number as it was written. */
function maybeNumber(value: unknown): string | undefined {
  if (typeof value === 'number') {
    return String(value);
  }
  const raw = isObject(value) ? value['rawJSON'] : undefined;
  // Only what `parseExactJson` made has no prototype.
  return typeof raw === 'string' && Object.getPrototypeOf(value) === null ? raw : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
