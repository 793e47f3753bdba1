import { expect, test } from 'vitest';
import { bodyFromNote, noteFromBody } from './lease-note.ts';
import { bodyFromMember, memberFromBody } from './member-facts.ts';
import { isNewerBody, packBody, parseBody } from './row-body.ts';

const MEMBER = {
  address: 'host:7400',
  httpAddress: '',
  version: '1.2.3',
  newestFormat: 3,
  startTime: 1_700_000_000_000,
  isDraining: true,
};

test('notes and members come back as they were written', () => {
  const note = { format: 4, target: 'b', refusers: ['c', 'd'] };
  expect(noteFromBody(0, bodyFromNote(note))).toEqual(note);
  expect(memberFromBody('a', bodyFromMember(MEMBER))).toEqual(MEMBER);
});

test('only the last sixteen that refused are kept', () => {
  const refusers = Array.from({ length: 20 }, (_, i) => `n${i}`);
  expect(noteFromBody(0, bodyFromNote({ format: 1, target: '', refusers })).refusers).toEqual(refusers.slice(4));
});

test('[8] truncated, damaged or newer bytes are a named error', () => {
  const body = packBody({ a: 1 });
  for (let length = 0; length < body.length; length += 1) {
    expect(() => parseBody('row', body.subarray(0, length))).toThrow(
      expect.objectContaining({ reason: 'DATA_CORRUPTION' }),
    );
  }
  for (let at = 0; at < body.length; at += 1) {
    const damaged = Uint8Array.from(body);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    expect(() => parseBody('row', damaged)).toThrow(expect.objectContaining({ reason: 'DATA_CORRUPTION' }));
  }
  expect(isNewerBody(Uint8Array.of(2, ...body.subarray(1)))).toBe(true);
  expect(isNewerBody(body)).toBe(false);
  expect(isNewerBody(new Uint8Array())).toBe(false);
});

test('fields that are absent or of another type have their empty value, those that are not known are passed over', () => {
  const body = packBody({ address: 5, version: '1', isDraining: 'yes', more: {} });
  expect(memberFromBody('a', body)).toEqual({
    address: '',
    httpAddress: '',
    version: '1',
    newestFormat: 0,
    startTime: 0,
    isDraining: false,
  });
});
