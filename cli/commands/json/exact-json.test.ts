import { expect, test } from 'vitest';
import { parseExactJson } from './exact-json.ts';

test.each(['12345678901234567890', '1.0', '[1e3,-0.10]', '{"a":{"b":[1,2.50,"x",null,true]},"__proto__":{"c":1}}'])(
  '%s is written as it was read',
  (text) => {
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
  },
);

test('a text that is not JSON is refused', () => {
  expect(() => parseExactJson('{"a":')).toThrow(SyntaxError);
});
