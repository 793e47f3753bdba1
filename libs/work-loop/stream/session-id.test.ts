import { expect, test } from 'vitest';
import { createSessionId } from './session-id.ts';

test('a session id is a UUIDv7: its time in front, and no two are the same', () => {
  const nowMs = Date.UTC(2026, 2, 1);
  const ids = Array.from({ length: 100 }, () => createSessionId(nowMs));
  const time = nowMs.toString(16).padStart(12, '0');
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(id.replace('-', '')).toMatch(new RegExp(`^${time}`));
  }
  expect(new Set(ids).size).toBe(ids.length);
});
