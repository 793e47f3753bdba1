import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJsonObject, type Json, type JsonObject, parseJson } from './json.ts';
import { mergePatch } from './merge-patch.ts';

/** The examples of RFC 7396, those whose target and patch are objects. */
const EXAMPLES: readonly (readonly [target: string, patch: string, merged: string])[] = [
  ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
  ['{"a":"b"}', '{"a":null}', '{}'],
  ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
  ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
  ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
  ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
  ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
  ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
  ['{"a":"foo"}', '{"a":{"b":null,"c":1}}', '{"a":{"c":1}}'],
  ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
];

function merged(target: string, patch: string): string {
  return JSON.stringify(mergePatch(parseJson(target) as JsonObject, parseJson(patch) as JsonObject));
}

test.each(EXAMPLES)('[59] %s with %s is %s', (target, patch, expected) => {
  expect(merged(target, patch)).toBe(expected);
});

test('names that objects have by themselves are names like others', () => {
  expect(merged('{"__proto__":{"a":1}}', '{"__proto__":{"b":2},"toString":{"c":3}}')).toBe(
    '{"__proto__":{"a":1,"b":2},"toString":{"c":3}}',
  );
  expect(merged('{"constructor":1}', '{"__proto__":null,"constructor":null}')).toBe('{}');
});

test('numbers keep their digits', () => {
  const long = '{"id":12345678901234567890,"n":0.10000000000000000001,"e":1e400}';
  expect(merged(long, '{"other":18446744073709551615}')).toBe(`${long.slice(0, -1)},"other":18446744073709551615}`);
  expect(merged('{"a":12345678901234567890}', '{"a":{"b":1}}')).toBe('{"a":{"b":1}}');
});

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const objects = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), json, { noNullPrototype: false }).map(plain);

function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** RFC 7396, section 2, word by word. */
function specified(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result = new Map(target !== undefined && isJsonObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, specified(result.get(name), value));
  }
  return Object.fromEntries(result);
}

test('[59] any patch does what the RFC says, and leaves what it was given as it was', () => {
  fc.assert(
    fc.property(objects, objects, (target, patch) => {
      const before = JSON.stringify([target, patch]);
      expect(JSON.stringify(mergePatch(target, patch))).toBe(JSON.stringify(specified(target, patch)));
      expect(JSON.stringify([target, patch])).toBe(before);
    }),
  );
});

test('[59] a patch that is made twice comes to the same', () => {
  fc.assert(
    fc.property(objects, objects, (target, patch) => {
      const once = mergePatch(target, patch);
      expect(JSON.stringify(mergePatch(once, patch))).toBe(JSON.stringify(once));
    }),
  );
});
