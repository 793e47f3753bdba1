import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AttributeValue } from './attribute.ts';
import { decodeAttributes, encodeAttributes } from './attribute-codec.ts';

const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.record({ type: fc.constant('keyword' as const), value: fc.string({ unit: 'grapheme' }) }),
  fc.record({ type: fc.constant('integer' as const), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
  fc.record({ type: fc.constant('double' as const), value: fc.double() }),
  fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('time' as const), value: fc.maxSafeInteger() }),
  fc.record({ type: fc.constant('keyword_list' as const), value: fc.array(fc.string()) }),
);

test('attributes come back as they were, whatever their names', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value, { noNullPrototype: true }), (attributes) => {
      expect(decodeAttributes(encodeAttributes(attributes))).toEqual(attributes);
    }),
    { numRuns: 1_000 },
  );
  const proto = Object.fromEntries([['__proto__', { type: 'boolean', value: true } as const]]);
  expect(Object.keys(decodeAttributes(encodeAttributes(proto)))).toEqual(['__proto__']);
});
