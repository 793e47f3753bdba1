import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { type Duration, DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { ValueRules } from './field-rules.ts';
import { smallestElement } from './smallest-message.ts';

/** A value that breaks one rule, and how. */
export interface BadValue {
  readonly flaw: string;
  readonly value: unknown;
  /** JSON has no way to say it. */
  readonly isBinaryOnly?: boolean;
}

const MAX_INT32 = 2 ** 31 - 1;
const MAX_INT64 = 2n ** 63n - 1n;
/** What ends texts in C, what marks queues inside, and what keeps lines of a log apart. */
const CONTROL_CHARACTERS = ['\u0000', '\u0001', '\n'];
/** No enum has so many values. */
const UNKNOWN_NUMBER = 9999;

/**
 * Texts that may have any character, because they are for people or belong to user code. Every other text in a request
 * is a name.
 */
const FREE_TEXTS: ReadonlySet<string> = new Set(
  [
    // For people.
    ['reason', 'description', 'message', 'stack', 'source_location'],
    // Values of users, and what they call their errors. Of a map the keys are names.
    ['json', 'keyword_value', 'values', 'metadata'],
    ['type of Failure', 'type of FailureCause', 'failure_type', 'non_retryable'],
    // Paths, which are never keys.
    ['node_path', 'expected_step', 'found_step'],
    // Expressions of graphs.
    ['input', 'until_expression', 'key of BranchNode', 'while_condition', 'items', 'condition', 'output'],
    ['run_id of ChildNode'],
    // Opaque: it is known, or it is not.
    ['secret', 'page_token'],
  ].flat(),
);

/** Every value that breaks one rule of a field, of an item of a list, or of a value of a map. */
export function badValues(field: DescField, rules: ValueRules, isZeroFine: boolean): readonly BadValue[] {
  if (field.enum !== undefined) return badEnums(rules);
  if (field.message !== undefined) return [...badDurations(rules), ...badWellKnown(field.message)];
  switch (field.scalar) {
    case ScalarType.STRING:
      return [...badTexts(rules), ...badNames(field)];
    case ScalarType.BYTES:
      return badBytes(rules, isZeroFine);
    case ScalarType.BOOL:
      return rules.isTrue ? [{ flaw: 'false', value: false }] : [];
    case ScalarType.INT32:
    case ScalarType.INT64:
      return badNumbers(rules);
    default:
      return [];
  }
}

/** Every key that breaks one rule of a map. */
export function badKeys(rules: ValueRules): readonly BadValue[] {
  return [...badTexts(rules), ...CONTROL_CHARACTERS.map(withControlCharacter('key'))];
}

/** Whether a text is a name, so that it has no control characters. */
function isName(field: DescField): boolean {
  return !FREE_TEXTS.has(field.name) && !FREE_TEXTS.has(`${field.name} of ${field.parent.name}`);
}

function badNames(field: DescField): readonly BadValue[] {
  if (!isName(field)) return [];
  return CONTROL_CHARACTERS.map(withControlCharacter(String(smallestElement(field))));
}

function withControlCharacter(text: string): (character: string) => BadValue {
  return (character) => ({
    flaw: `with U+${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    value: `${text}${character}`,
  });
}

function badTexts({ minBytes, maxBytes, minLen, maxLen, pattern }: ValueRules): readonly BadValue[] {
  const max = maxBytes || maxLen;
  return [
    ...(minBytes > 0 || minLen > 0 ? [{ flaw: 'empty', value: '' }] : []),
    ...(max > 0 ? [{ flaw: `of ${max + 1} bytes`, value: 'x'.repeat(max + 1) }] : []),
    ...(pattern === undefined ? [] : [{ flaw: 'not of its pattern', value: 'not of its pattern' }]),
  ];
}

function badBytes({ len, maxLen }: ValueRules, isZeroFine: boolean): readonly BadValue[] {
  const lengths = [
    ...(len === undefined ? [] : [len - 1, len + 1, ...(isZeroFine ? [] : [0])]),
    ...(maxLen > 0 ? [maxLen + 1] : []),
  ];
  return lengths.map((length) => ({ flaw: `of ${length} bytes`, value: new Uint8Array(length) }));
}

function badNumbers({ gte, lte }: ValueRules): readonly BadValue[] {
  const values: (number | bigint)[] = [];
  if (typeof gte === 'number') values.push(gte - 1, -MAX_INT32);
  if (typeof gte === 'bigint') values.push(gte - 1n, -MAX_INT64);
  if (typeof lte === 'number' && lte < MAX_INT32) values.push(lte + 1, MAX_INT32);
  if (typeof lte === 'bigint' && lte < MAX_INT64) values.push(lte + 1n, MAX_INT64);
  return values.map((value) => ({ flaw: String(value), value }));
}

function badEnums({ isDefinedOnly, notIn }: ValueRules): readonly BadValue[] {
  return [...(isDefinedOnly ? [UNKNOWN_NUMBER, -1] : []), ...notIn].map((value) => ({ flaw: String(value), value }));
}

function badDurations({ gte, lte }: ValueRules): readonly BadValue[] {
  return [
    ...(gte === undefined ? [] : [spanOf(gte as Duration, -1n), spanOf(gte as Duration, -1_000_000_000_000n)]),
    ...(lte === undefined ? [] : [spanOf(lte as Duration, 1n), spanOf(lte as Duration, 1_000_000_000_000n)]),
  ].map((value) => ({ flaw: `${value.seconds} s and ${value.nanos} ns`, value }));
}

const MALFORMED_TIMES = [
  [253_402_300_800n, 0],
  [-62_135_596_801n, 0],
  [MAX_INT64, 0],
  [1n, -1],
  [1n, 1_000_000_000],
] as const;
const MALFORMED_SPANS = [
  [1n, -1],
  [0n, 1_000_000_000],
  [315_576_000_001n, 0],
  [-MAX_INT64, 0],
] as const;

/** Numbers that make no time, or no duration. */
function badWellKnown({ typeName }: DescMessage): readonly BadValue[] {
  const all = typeName === TimestampSchema.typeName ? MALFORMED_TIMES : MALFORMED_SPANS;
  if (typeName !== TimestampSchema.typeName && typeName !== DurationSchema.typeName) return [];
  return all.map(([seconds, nanos]) => ({
    flaw: `of ${seconds} s and ${nanos} ns`,
    value: { $typeName: typeName, seconds, nanos },
    isBinaryOnly: true,
  }));
}

/** A duration that is so many nanoseconds longer than another one. */
function spanOf({ seconds, nanos }: Duration, moreNanos: bigint): Duration {
  const total = seconds * 1_000_000_000n + BigInt(nanos) + moreNanos;
  return {
    $typeName: 'google.protobuf.Duration',
    seconds: total / 1_000_000_000n,
    nanos: Number(total % 1_000_000_000n),
  };
}
