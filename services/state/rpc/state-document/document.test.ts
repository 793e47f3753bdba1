import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asWhole, EMPTY_DOCUMENT, isWholeDue, lengthIn, maybeChangeDocument, type StateDocument } from './document.ts';
import { isDeeperThan, type Json, parseJson } from './json.ts';

type Step = readonly [change: 'replace' | 'merge' | 'append', key: string, value: Json];

function changed(document: StateDocument, [change, key, value]: Step): StateDocument | undefined {
  return maybeChangeDocument(document, { change, key, value, text: JSON.stringify(value) })?.document;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(
    fc.constantFrom('replace', 'merge'),
    fc.constant(''),
    fc.dictionary(fc.constantFrom('a', 'ü', '__proto__', ''), fc.jsonValue() as fc.Arbitrary<Json>),
  ),
  fc.tuple(fc.constant('append'), fc.constantFrom('a', 'ü', '__proto__', '"'), fc.jsonValue() as fc.Arbitrary<Json>),
) as fc.Arbitrary<Step>;

test('[59] whatever is done to a document, its bytes are those of its JSON', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let document = EMPTY_DOCUMENT;
      for (const one of steps) document = changed(document, one) ?? document;
      expect(document.bytes).toBe(Buffer.byteLength(JSON.stringify(document.value)));
    }),
  );
});

test('[59] a document that is recorded as a whole whenever that is due is the one of all its changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let [document, read] = [EMPTY_DOCUMENT, EMPTY_DOCUMENT];
      for (const one of steps) {
        const next = changed(document, one);
        if (next === undefined) continue;
        const whole: Step = ['replace', '', next.value];
        document = isWholeDue(next) ? asWhole(next) : next;
        read = changed(read, isWholeDue(next) ? whole : one) ?? read;
      }
      expect(JSON.stringify(read.value)).toBe(JSON.stringify(document.value));
      expect([read.version, read.patches, read.patchBytes]).toEqual([
        document.version,
        document.patches,
        document.patchBytes,
      ]);
    }),
  );
});

describe('[59] an append', () => {
  test('makes the array, then goes on with it', () => {
    const one = changed(EMPTY_DOCUMENT, ['append', 'log', { a: 1 }]) ?? EMPTY_DOCUMENT;
    const two = changed(one, ['append', 'log', null]) ?? EMPTY_DOCUMENT;
    expect(JSON.stringify(two.value)).toBe('{"log":[{"a":1},null]}');
    expect([lengthIn(one, 'log'), lengthIn(two, 'log'), lengthIn(two, 'none')]).toEqual([1, 2, 0]);
    expect(JSON.stringify(one.value)).toBe('{"log":[{"a":1}]}');
  });

  test.each(['{"log":1}', '{"log":null}', '{"log":{}}', '{"log":12345678901234567890}'])('to %s is refused', (text) => {
    const document = changed(EMPTY_DOCUMENT, ['replace', '', parseJson(text)]) ?? EMPTY_DOCUMENT;
    expect(changed(document, ['append', 'log', 1])).toBeUndefined();
  });

  test('to a name that every object has makes an array of its own', () => {
    for (const key of ['__proto__', 'toString']) {
      const document = changed(EMPTY_DOCUMENT, ['append', key, 1]);
      expect(JSON.stringify(document?.value)).toBe(`{"${key}":[1]}`);
    }
  });
});

test('a document is recorded as a whole after 64 changes, or when they are larger than it', () => {
  let large = changed(EMPTY_DOCUMENT, ['replace', '', { text: 'x'.repeat(10_000) }]) ?? EMPTY_DOCUMENT;
  for (let count = 1; count <= 65; count += 1) {
    large = changed(large, ['append', 'log', count]) ?? EMPTY_DOCUMENT;
    expect(isWholeDue(large)).toBe(count > 64);
  }
  const before = changed(EMPTY_DOCUMENT, ['replace', '', { a: 1 }]) ?? EMPTY_DOCUMENT;
  const once = changed(before, ['merge', '', { a: 2 }]) ?? EMPTY_DOCUMENT;
  expect(isWholeDue(once)).toBe(false);
  expect(isWholeDue(changed(once, ['merge', '', { a: 3 }]) ?? EMPTY_DOCUMENT)).toBe(true);
});

test('how deep a text is nested is counted outside of its strings', () => {
  expect(isDeeperThan('[[{"a":"[[[[\\"[["}]]', 3)).toBe(false);
  expect(isDeeperThan('[[{"a":[]}]]', 3)).toBe(true);
  expect(isDeeperThan('[],[],[],[]', 1)).toBe(false);
  expect(isDeeperThan('"\\"'.repeat(100_000), 1)).toBe(false);
});
