import { expect, test } from 'vitest';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createPatience } from './patience.ts';

const away = new DomainError('UNAVAILABLE', 'away');

function patienceAt(clock: { nowMs: number }, untilMs?: number) {
  const terminal = { progress: () => undefined };
  const stopping = new AbortController();
  const context = { nowMs: () => clock.nowMs, signal: stopping.signal, terminal };
  return { patience: createPatience(context, untilMs), stopping };
}

test('a service that never answered is not waited for', async () => {
  const { patience } = patienceAt({ nowMs: 0 });
  await expect(patience.pause(away)).rejects.toBe(away);
});

test('a service that has answered is waited for, for a minute', async () => {
  const clock = { nowMs: 0 };
  const { patience } = patienceAt(clock);
  patience.heard();
  clock.nowMs = 60_000;
  await patience.pause(away);
  clock.nowMs = 60_001;
  await expect(patience.pause(away)).rejects.toBe(away);
});

test('what no repeat mends is thrown at once', async () => {
  const { patience } = patienceAt({ nowMs: 0 });
  patience.heard();
  const gone = new DomainError('RUN_NOT_FOUND', 'gone');
  await expect(patience.pause(gone)).rejects.toBe(gone);
  const fault = new TypeError('fault');
  await expect(patience.pause(fault)).rejects.toBe(fault);
});

test('nobody waits beyond the end, and a pause is cut there', async () => {
  const clock = { nowMs: 0 };
  const { patience } = patienceAt(clock, 10);
  patience.heard();
  const startMs = performance.now();
  await patience.pause(new DomainError('UNAVAILABLE', 'away', { retryAfterMs: 30_000 }));
  expect(performance.now() - startMs).toBeLessThan(5_000);
  clock.nowMs = 10;
  await expect(patience.pause(away)).rejects.toBe(away);
});

test('an interruption ends the pause', async () => {
  const { patience, stopping } = patienceAt({ nowMs: 0 });
  patience.heard();
  const pause = patience.pause(new DomainError('UNAVAILABLE', 'away', { retryAfterMs: 30_000 }));
  stopping.abort(new Error('interrupted'));
  await expect(pause).rejects.toThrow('aborted');
  await expect(patience.pause(away)).rejects.toThrow('interrupted');
});
