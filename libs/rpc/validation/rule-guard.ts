import { type DescEnum, type DescField, isFieldSet, type Message, ScalarType } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { type FieldRules, FieldRulesSchema } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** Says whether a value surely keeps its rules; `false` leaves it to the validator. */
export type ValueGuard = (value: unknown) => boolean;

type RuleSettings = ReadonlyMap<string, unknown>;

const UNSURE: ValueGuard = () => false;
/** Patterns that mean the same to JavaScript as to RE2: anchors, plain characters and classes of them, groups, counts. */
const PLAIN_PATTERN =
  /^(?:[\^$|+*?)a-zA-Z0-9_:/-]|\((?!\?)|\\[.+*?-]|\{\d+(?:,\d*)?\}|\[(?:[a-zA-Z0-9_:./-]|\\[.-])+\])*$/;
const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/**
 * The guard for a value by its rules: nothing where there is nothing to check, and one that is never sure where a rule
 * is not among those that are cheap to check.
 */
export function guardRules(
  rules: FieldRules | undefined,
  scalar: ScalarType | undefined,
  enumeration: DescEnum | undefined,
): ValueGuard | undefined {
  if (rules === undefined || rules.type.case === undefined) {
    return undefined;
  }
  if (rules.type.value.$unknown !== undefined) {
    // Rules that somebody else defined.
    return UNSURE;
  }
  const settings = readSettings(rules);
  if (settings.size === 0) {
    return undefined;
  }
  if (rules.type.case === 'duration') {
    return guardDuration(settings);
  }
  const guards = [...settings].map(([name, setting]) => guardSetting(name, setting, scalar, enumeration));
  return guards.includes(UNSURE) || isExclusiveRange(settings) ? UNSURE : all(guards);
}

/** The rules that are set, by name; a oneof counts under the name of its member. */
function readSettings(rules: FieldRules): RuleSettings {
  const desc = FieldRulesSchema.fields.find((field) => field.localName === rules.type.case)?.message;
  const message = rules.type.value as Message;
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const set = (desc?.fields ?? []).filter((field) => isFieldSet(message, field) && field.name !== 'example');
  return new Map(set.map((field) => [field.localName, settingOf(field, values)]));
}

function settingOf(field: DescField, values: Readonly<Record<string, unknown>>): unknown {
  return field.oneof === undefined
    ? values[field.localName]
    : (values[field.oneof.localName] as { readonly value: unknown }).value;
}

function guardSetting(
  name: string,
  setting: unknown,
  scalar: ScalarType | undefined,
  enumeration: DescEnum | undefined,
): ValueGuard {
  if (enumeration !== undefined) {
    return guardEnum(name, setting, enumeration);
  }
  switch (scalar) {
    case ScalarType.STRING:
      return guardString(name, setting);
    case ScalarType.BYTES:
      return guardBytes(name, setting);
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return guardNumber(name, setting as number | bigint);
    case ScalarType.BOOL:
      return name === 'const' ? (value) => value === setting : UNSURE;
    default:
      return UNSURE;
  }
}

function guardString(name: string, setting: unknown): ValueGuard {
  const limit = Number(setting);
  switch (name) {
    // A code point is one or two UTF-16 units, and a unit one to three bytes.
    case 'minLen':
      return (value) => (value as string).length >= 2 * limit || countCodePoints(value as string) >= limit;
    case 'maxLen':
      return (value) => (value as string).length <= limit || countCodePoints(value as string) <= limit;
    case 'minBytes':
      return (value) => (value as string).length >= limit;
    case 'maxBytes':
      return (value) => (value as string).length * 3 <= limit || Buffer.byteLength(value as string) <= limit;
    case 'uuid':
      return setting === true ? (value) => UUID.test(value as string) : UNSURE;
    case 'pattern':
      return guardPattern(String(setting));
    default:
      return guardIn(name, setting);
  }
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
  }
  return count;
}

function guardPattern(pattern: string): ValueGuard {
  if (!PLAIN_PATTERN.test(pattern)) {
    return UNSURE;
  }
  const expression = new RegExp(pattern);
  return (value) => expression.test(value as string);
}

function guardBytes(name: string, setting: unknown): ValueGuard {
  const limit = Number(setting);
  switch (name) {
    case 'len':
      return (value) => (value as Uint8Array).length === limit;
    case 'minLen':
      return (value) => (value as Uint8Array).length >= limit;
    case 'maxLen':
      return (value) => (value as Uint8Array).length <= limit;
    default:
      return UNSURE;
  }
}

function guardNumber(name: string, limit: number | bigint): ValueGuard {
  switch (name) {
    case 'lt':
      return (value) => (value as number | bigint) < limit;
    case 'lte':
      return (value) => (value as number | bigint) <= limit;
    case 'gt':
      return (value) => (value as number | bigint) > limit;
    case 'gte':
      return (value) => (value as number | bigint) >= limit;
    default:
      return guardIn(name, limit);
  }
}

function guardIn(name: string, setting: unknown): ValueGuard {
  if (name !== 'in' || !Array.isArray(setting)) {
    return UNSURE;
  }
  const members = new Set<unknown>(setting);
  return (value) => members.has(value);
}

function guardEnum(name: string, setting: unknown, enumeration: DescEnum): ValueGuard {
  if (name === 'definedOnly') {
    const numbers = new Set<unknown>(enumeration.values.map((value) => value.number));
    return setting === true ? (value) => numbers.has(value) : UNSURE;
  }
  if (name === 'notIn' && Array.isArray(setting)) {
    return (value) => !setting.includes(value);
  }
  return guardIn(name, setting);
}

/** Durations from zero on, between bounds that they may reach. */
function guardDuration(settings: RuleSettings): ValueGuard {
  const min = settings.get('gte') as Duration | undefined;
  const max = settings.get('lte') as Duration | undefined;
  const isKnown = settings.size === (min === undefined ? 0 : 1) + (max === undefined ? 0 : 1);
  if (!isKnown || (min !== undefined && max !== undefined && !isAtMost(min, max))) {
    return UNSURE;
  }
  return (value) => {
    const duration = value as Duration;
    const isPlain = duration.seconds >= 0n && duration.nanos >= 0 && duration.nanos < 1_000_000_000;
    return isPlain && (min === undefined || isAtMost(min, duration)) && (max === undefined || isAtMost(duration, max));
  };
}

function isAtMost(a: Duration, b: Duration): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanos <= b.nanos);
}

/** A lower bound above the upper one means «outside of», which the validator knows how to read. */
function isExclusiveRange(settings: RuleSettings): boolean {
  const lower = (settings.get('gt') ?? settings.get('gte')) as number | bigint | undefined;
  const upper = (settings.get('lt') ?? settings.get('lte')) as number | bigint | undefined;
  return lower !== undefined && upper !== undefined && lower >= upper;
}

function all(guards: readonly ValueGuard[]): ValueGuard {
  const [first, second] = guards;
  if (first !== undefined && guards.length === 1) {
    return first;
  }
  if (first !== undefined && second !== undefined && guards.length === 2) {
    return (value) => first(value) && second(value);
  }
  return (value) => guards.every((guard) => guard(value));
}
