import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttributeFilterSchema, AttributeOperator } from '#gen/millrace/state/v1/run_filter_pb.ts';
import type { AttributeValue } from '#libs/engine/model/attribute.ts';
import { attributeRows } from '#libs/partition/rows/attribute-rows.ts';
import { matchesAttribute } from '#libs/store/tables/attribute-match.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { attributeToProto } from '../wire/attributes.ts';
import { attributeTestFrom } from './attribute-condition.ts';

const { EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL, PREFIX, EXISTS } = AttributeOperator;

/** Texts whose order and prefixes are easy to get wrong. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\u{d7ff}', '\u{e000}', '\u{10ffff}'), maxLength: 3 });
const comparable: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.map((value) => ({ kind: 'keyword', value }) as const),
  fc.constantFrom(-(2n ** 63n), -1n, 0n, 1n, 2n ** 63n - 1n).map((value) => ({ kind: 'integer', value }) as const),
  fc.constantFrom(-Infinity, -0, 0, 0.5, Infinity, NaN).map((value) => ({ kind: 'double', value }) as const),
  fc.boolean().map((value) => ({ kind: 'boolean', value }) as const),
  fc.constantFrom(-1, 0, 1, 1_000).map((value) => ({ kind: 'time', value }) as const),
);
const keywords: fc.Arbitrary<AttributeValue> = fc
  .array(text, { minLength: 1, maxLength: 3 })
  .map((value) => ({ kind: 'keywordList', value }));

function order(a: AttributeValue, b: AttributeValue): number | undefined {
  if (a.kind !== b.kind || a.kind === 'keywordList' || b.kind === 'keywordList') return undefined;
  if (a.kind === 'keyword' && b.kind === 'keyword') return compareText(a.value, b.value);
  return a.value < b.value ? -1 : a.value > b.value ? 1 : a.value === b.value ? 0 : undefined;
}

function isEqual(a: AttributeValue, b: AttributeValue): boolean {
  const one = a.kind === 'keywordList' ? a.value : a.kind === 'keyword' ? [a.value] : undefined;
  const other = b.kind === 'keywordList' ? b.value : b.kind === 'keyword' ? [b.value] : undefined;
  if (one !== undefined && other !== undefined) return one.some((value) => other.includes(value));
  return order(a, b) === 0;
}

/** What the protos say of each operator. */
function holds(operator: AttributeOperator, value: AttributeValue, wanted: AttributeValue): boolean {
  const difference = order(value, wanted);
  switch (operator) {
    case NOT_EQUAL:
      return !isEqual(value, wanted);
    case LESS:
      return difference !== undefined && difference < 0;
    case LESS_OR_EQUAL:
      return difference !== undefined && difference <= 0;
    case GREATER:
      return difference !== undefined && difference > 0;
    case GREATER_OR_EQUAL:
      return difference !== undefined && difference >= 0;
    case PREFIX:
      return value.kind === 'keyword' && wanted.kind === 'keyword' && value.value.startsWith(wanted.value);
    case EXISTS:
      return true;
    case EQUAL:
    case AttributeOperator.UNSPECIFIED:
    default:
      return isEqual(value, wanted);
  }
}

const cases = fc.oneof(
  fc.record({
    operator: fc.constantFrom(EQUAL, NOT_EQUAL, EXISTS, AttributeOperator.UNSPECIFIED),
    wanted: fc.oneof(comparable, keywords),
  }),
  fc.record({ operator: fc.constantFrom(LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL), wanted: comparable }),
  fc.record({
    operator: fc.constant(PREFIX),
    wanted: text.map((value): AttributeValue => ({ kind: 'keyword', value })),
  }),
);

test('what the store looks for and what decides afterwards are what the operator means', () => {
  fc.assert(
    fc.property(cases, fc.oneof(comparable, keywords), ({ operator, wanted }, value) => {
      const filter = create(AttributeFilterSchema, { name: 'a', operator, value: attributeToProto(wanted) });
      const { lookup, matches = () => true } = attributeTestFrom(filter, 'filter.attributes[0]');
      const attributes = attributeRows(new Map([['a', value]]));
      expect(matchesAttribute(lookup, attributes) && matches(attributes)).toBe(holds(operator, value, wanted));
      expect(matchesAttribute(lookup, {})).toBe(false);
    }),
    { numRuns: 3_000 },
  );
});
