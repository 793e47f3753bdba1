import { describe, expect, test } from 'vitest';
import { payloadFromBytes } from '#libs/work-loop/values/payload.ts';
import { payloadOf, valueOf } from './value-codec.ts';

describe('a value on its way', () => {
  test.each([{ a: [1, null, 'é'] }, [], 0, false, '', 'text', null, { nested: { deep: true } }])(
    '%j comes back as it was',
    (value) => {
      expect(valueOf(payloadOf(value, 'x'), 'x')).toEqual(value);
    },
  );

  test('undefined is nothing, and bytes stay bytes', () => {
    expect(payloadOf(undefined, 'x')).toBeUndefined();
    expect(valueOf(undefined, 'x')).toBeUndefined();
    const bytes = new Uint8Array([0, 255]);
    expect(payloadOf(bytes, 'x')).toMatchObject({ contentType: 'application/octet-stream' });
    expect(valueOf(payloadOf(bytes, 'x'), 'x')).toEqual(bytes);
  });

  test('what JSON cannot say is refused, by the name of the field', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const value of [circle, () => 1, Symbol('s'), 1n]) {
      expect(() => payloadOf(value, 'result')).toThrow(
        expect.objectContaining({ reason: 'INVALID_FIELDS', message: expect.stringContaining('result must be JSON') }),
      );
    }
  });

  test('what is no JSON, or was encoded by somebody else, is not guessed at', () => {
    expect(() => valueOf(payloadFromBytes(Buffer.from('{')), 'input')).toThrow('input is no JSON');
    expect(() => valueOf(payloadFromBytes(Buffer.from('a'), 'text/plain'), 'input')).toThrow('content type text/plain');
    const gzip = { ...payloadFromBytes(Buffer.from('1')), encodings: ['gzip'] };
    expect(() => valueOf(gzip, 'input')).toThrow('input is encoded by gzip');
    const typed = payloadFromBytes(Buffer.from('1'), 'application/vnd.acme+json; charset=utf-8');
    expect(valueOf(typed, 'input')).toBe(1);
  });
});
