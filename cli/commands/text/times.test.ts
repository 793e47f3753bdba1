import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { describeAge, describeMoment, describeSpan, localTime, localTimeWithMs } from './times.ts';

test.each([
  [0, '0 ms'],
  [-5, '0 ms'],
  [340.4, '340 ms'],
  [1_000, '1 s'],
  [2_540, '2.5 s'],
  [12_900, '12 s'],
  [60_000, '1 m'],
  [200_000, '3 m 20 s'],
  [2 * 86_400_000 + 4 * 3_600_000 + 59_000, '2 d 4 h'],
])('%i ms are %s', (ms, text) => {
  expect(describeSpan(ms)).toBe(text);
});

test.each([
  [0, 'now'],
  [999, 'now'],
  [-59_999, 'in 59 s'],
  [180_000, '3 m ago'],
  [7_300_000, '2 h ago'],
  [-3 * 86_400_000, 'in 3 d'],
])('what is %i ms past is %s', (ms, text) => {
  expect(describeAge(1_000_000_000_000 - ms, 1_000_000_000_000)).toBe(text);
});

test('local time is ISO 8601 with the offset that was in force then', () => {
  for (const ms of [Date.UTC(2026, 0, 1, 23, 59, 59, 7), Date.UTC(2026, 6, 1), Date.UTC(1999, 11, 31, 12)]) {
    const date = new Date(ms);
    expect(localTimeWithMs(ms)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
    expect(Date.parse(localTimeWithMs(ms))).toBe(ms);
    expect(Date.parse(localTime(ms))).toBe(ms - (ms % 1_000));
    expect(Number(localTime(ms).slice(11, 13))).toBe(date.getHours());
  }
});

test('a moment says how far it is', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(describeMoment(timestampFromMs(now - 180_000), now)).toBe(`${localTime(now - 180_000)} (3 m ago)`);
});
