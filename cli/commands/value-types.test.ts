import { expect, test } from 'vitest';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { attributes } from './attributes-type.ts';
import { jsonText, moment, msOfMoment, runStatus } from './value-types.ts';

test('JSON stays as it was typed, and what is none is refused with the place', () => {
  expect(jsonText().parse(' {"a": 1.0}')).toBe(' {"a": 1.0}');
  expect(() => jsonText().parse("{'a': 1}")).toThrow('is not JSON: Expected property name');
});

test('a status is known in capitals or not, and never the one that means nothing', () => {
  expect(runStatus().parse('running')).toBe(RunStatus.RUNNING);
  expect(runStatus().parse('COMPLETED')).toBe(RunStatus.COMPLETED);
  expect(runStatus().parse('UNSPECIFIED')).toBeUndefined();
  expect(runStatus().parse('done')).toBeUndefined();
});

test.each([
  ['90m', 1_000_000_000 - 90 * 60_000],
  ['2026-03-01T12:00:00Z', Date.UTC(2026, 2, 1, 12)],
  ['2026-03-01', Date.UTC(2026, 2, 1)],
])('%s is a moment', (raw, ms) => {
  const given = moment().parse(raw);
  expect(given && msOfMoment(given, 1_000_000_000)).toBe(ms);
});

test.each(['yesterday', '5', '2026-13-01', ''])('%j is no moment', (raw) => {
  expect(moment().parse(raw)).toBeUndefined();
});

test('attributes get their types from how they are written', () => {
  const raw =
    '{"k":"x","i":12,"big":9007199254740993,"d":12.0,"n":-1.5,"b":true,"l":["a","b"],"t":{"time":"2026-03-01T00:00:00Z"}}';
  expect(attributes().parse(raw)).toEqual({
    k: { kind: { case: 'keywordValue', value: 'x' } },
    i: { kind: { case: 'integerValue', value: 12n } },
    big: { kind: { case: 'integerValue', value: 9007199254740993n } },
    d: { kind: { case: 'doubleValue', value: 12 } },
    n: { kind: { case: 'doubleValue', value: -1.5 } },
    b: { kind: { case: 'booleanValue', value: true } },
    l: { kind: { case: 'keywordList', value: { values: ['a', 'b'] } } },
    t: { kind: { case: 'pointInTime', value: expect.objectContaining({ seconds: 1_772_323_200n }) } },
  });
});

test.each(['[]', '1.0', 'null', 'x'])('%s is no object of attributes', (raw) => {
  expect(attributes().parse(raw)).toBeUndefined();
});

test.each(['{"a":null}', '{"a":[1]}', '{"a":{"rawJSON":"1"}}', '{"a":{"time":"soon"}}'])(
  '%s is refused by name',
  (raw) => {
    expect(() => attributes().parse(raw)).toThrow('a must be a text');
  },
);
