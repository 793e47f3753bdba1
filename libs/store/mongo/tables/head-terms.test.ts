import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AttributeCondition, AttributeValue, ComparableValue } from '#libs/store/tables/attribute.ts';
import { matchesAttribute } from '#libs/store/tables/attribute-match.ts';
import { compareText } from '#libs/store/tables/text-order.ts';
import { filterOfAttribute, termsOf } from './head-terms.ts';

const keyword = fc.constantFrom('', 'a', 'a b', 'aa', 'b', '~', 'é', '\uffff', '😀');
const name = fc.constantFrom('size', 'size 2', 'siz');
const comparable: fc.Arbitrary<ComparableValue> = fc.oneof(
  keyword.map((value) => ({ type: 'keyword', value }) as const),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type: 'integer', value }) as const),
  fc.constantFrom(-1n, 0n, 1n).map((value) => ({ type: 'integer', value }) as const),
  fc.double().map((value) => ({ type: 'double', value }) as const),
  fc.constantFrom(-0, 0, -1.5, Number.NaN).map((value) => ({ type: 'double', value }) as const),
  fc.boolean().map((value) => ({ type: 'boolean', value }) as const),
  fc.constantFrom(-5, 0, 1_000, 2 ** 52).map((value) => ({ type: 'time', value }) as const),
);
const bound = fc.oneof(
  comparable,
  fc.constantFrom(2n ** 63n, -(2n ** 70n)).map((value) => ({ type: 'integer', value }) as const),
  fc.constantFrom(999.5, Number.POSITIVE_INFINITY).map((value) => ({ type: 'time', value }) as const),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  comparable,
  fc.array(keyword, { maxLength: 3 }).map((list) => ({ type: 'keyword_list', value: list }) as const),
);
const condition: fc.Arbitrary<AttributeCondition> = fc.oneof(
  fc.record({ name, equals: bound }),
  fc.record({ name, atLeast: bound, below: bound }, { requiredKeys: ['name'] }),
);

/** What the server does with a filter on terms. */
function matches(filter: object | undefined, terms: readonly string[]): boolean {
  if (filter === undefined) {
    return false;
  }
  const {
    $eq,
    $in = [],
    $elemMatch,
  } = filter as {
    readonly $eq?: string;
    readonly $in?: readonly string[];
    readonly $elemMatch?: { readonly $gte: string; readonly $lt: string };
  };
  return terms.some(
    (term) =>
      term === $eq ||
      $in.includes(term) ||
      ($elemMatch !== undefined && compareText(term, $elemMatch.$gte) >= 0 && compareText(term, $elemMatch.$lt) < 0),
  );
}

test('terms answer conditions as all stores do', () => {
  fc.assert(
    fc.property(fc.dictionary(name, value), condition, (attributes, wanted) => {
      const terms = termsOf({
        tenantId: 'tenant',
        runId: 'run',
        incarnation: '',
        workflow: 'size',
        version: '1',
        status: 'size',
        startTime: 0,
        attributes,
        body: new Uint8Array(0),
      });
      expect(matches(filterOfAttribute('tenant', wanted), terms)).toBe(matchesAttribute(wanted, attributes));
      expect(matches(filterOfAttribute('tenan', wanted), terms)).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});
