import { type AttributeFilter, AttributeOperator } from '#gen/millrace/state/v1/run_filter_pb.ts';
import { attributeRows } from '#libs/partition/rows/attribute-rows.ts';
import type { AttributeCondition, Attributes, AttributeValue, ComparableValue } from '#libs/store/tables/attribute.ts';
import { matchesAttribute } from '#libs/store/tables/attribute-match.ts';
import { attributeFromProto } from '../wire/attributes.ts';
import { invalidField } from '../wire/invalid-field.ts';

/** A comparison with an attribute, for the store and for what the store cannot tell. */
export interface AttributeTest {
  /** What the store looks for: everything that satisfies the comparison, and perhaps more. */
  readonly lookup: AttributeCondition;
  /** What decides about those that the store found. Absent: the store does. */
  readonly matches?: (attributes: Attributes) => boolean;
}

/**
 * Reads a comparison of a filter. `field` is its path. Values of another type than the attribute's have no order and are
 * not equal; the order of texts is that of their UTF-8 bytes. A list is compared with by EQUAL and NOT_EQUAL alone: it
 * equals what has one of its keywords.
 *
 * @throws INVALID_FIELDS for a value that is missing, or that the operator cannot compare with.
 */
export function attributeTestFrom({ name, operator, value }: AttributeFilter, field: string): AttributeTest {
  if (operator === AttributeOperator.EXISTS) return { lookup: { name } };
  const path = `${field}.value`;
  if (value === undefined) throw invalidField(path, 'is required, but for EXISTS');
  const wanted = rowValueOf(attributeFromProto(value, path));
  switch (operator) {
    case AttributeOperator.UNSPECIFIED:
    case AttributeOperator.EQUAL:
      return equalTest(name, wanted, path);
    case AttributeOperator.NOT_EQUAL: {
      const { lookup, matches = (attributes) => matchesAttribute(lookup, attributes) } = equalTest(name, wanted, path);
      return { lookup: { name }, matches: (attributes) => Object.hasOwn(attributes, name) && !matches(attributes) };
    }
    case AttributeOperator.LESS:
      return { lookup: { name, below: comparable(wanted, path) } };
    case AttributeOperator.LESS_OR_EQUAL:
      return lessOrEqualTest(name, comparable(wanted, path));
    case AttributeOperator.GREATER:
      return greaterTest(name, comparable(wanted, path));
    case AttributeOperator.GREATER_OR_EQUAL:
      return { lookup: { name, atLeast: comparable(wanted, path) } };
    case AttributeOperator.PREFIX:
      return prefixTest(name, wanted, path);
    default:
      throw invalidField(`${field}.operator`, 'must be an operator');
  }
}

function rowValueOf(value: ReturnType<typeof attributeFromProto>): AttributeValue {
  return Object.values(attributeRows(new Map([['value', value]])))[0] ?? { type: 'keyword', value: '' };
}

function comparable(value: AttributeValue, path: string): ComparableValue {
  if (value.type === 'keyword_list') throw invalidField(`${path}.keyword_list`, 'has no order');
  return value;
}

function equalTest(name: string, wanted: AttributeValue, path: string): AttributeTest {
  if (wanted.type !== 'keyword_list') return { lookup: { name, equals: wanted } };
  const any = wanted.value.map((value) => ({ name, equals: { type: 'keyword', value } }) as const);
  const [first] = any;
  if (first === undefined) throw invalidField(`${path}.keyword_list`, 'must have a keyword');
  if (any.length === 1) return { lookup: first };
  return { lookup: { name }, matches: (attributes) => any.some((one) => matchesAttribute(one, attributes)) };
}

function lessOrEqualTest(name: string, wanted: ComparableValue): AttributeTest {
  const next = maybeNext(wanted);
  if (next !== undefined) return { lookup: { name, below: next } };
  const [less, atLeast] = [
    { name, below: wanted },
    { name, atLeast: wanted },
  ];
  return {
    lookup: { name },
    matches: (attributes) =>
      matchesAttribute(less, attributes) ||
      (matchesAttribute(atLeast, attributes) && isEqual(name, wanted, attributes)),
  };
}

function greaterTest(name: string, wanted: ComparableValue): AttributeTest {
  const next = maybeNext(wanted);
  if (next !== undefined) return { lookup: { name, atLeast: next } };
  return { lookup: { name, atLeast: wanted }, matches: (attributes) => !isEqual(name, wanted, attributes) };
}

function isEqual(name: string, wanted: ComparableValue, attributes: Attributes): boolean {
  return matchesAttribute({ name, equals: wanted }, attributes);
}

/** The smallest value that is larger, where there is one that says the same in every store. */
function maybeNext(value: ComparableValue): ComparableValue | undefined {
  if (value.type === 'time') return { type: 'time', value: value.value + 1 };
  return value.type === 'integer' && value.value < MAX_INT64 ? { type: 'integer', value: value.value + 1n } : undefined;
}

const MAX_INT64: bigint = 2n ** 63n - 1n;

function prefixTest(name: string, prefix: AttributeValue, path: string): AttributeTest {
  if (prefix.type !== 'keyword') throw invalidField(path, 'must be a keyword, of which others begin');
  const end = maybePrefixEnd(prefix.value);
  const below = end === undefined ? {} : { below: { type: 'keyword', value: end } as const };
  return { lookup: { name, atLeast: prefix, ...below } };
}

/** The first text behind all those with a prefix: its last code point is one further. Undefined: nothing is behind them. */
function maybePrefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === MAX_CODE_POINT) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // What is between are halves of pairs, which no text has alone.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}

const MAX_CODE_POINT = 0x10ffff;
