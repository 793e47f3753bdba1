import { describe, expect, test } from 'vitest';
import { createBacklog } from './backlog.ts';
import { maybeOverload } from './intake-check.ts';

const MIB = 1024 * 1024;

describe('a backlog', () => {
  test('takes everything while little is behind', () => {
    const backlog = createBacklog(10);
    expect(backlog.intake(0, 0)).toBe('all');
    backlog.add(1, 64 * MIB, 0);
    expect(backlog.intake(10, 0)).toBe('all');
  });

  test('takes no starts above 64 MiB, and only settles above 256 MiB', () => {
    const backlog = createBacklog(10);
    backlog.add(1, 64 * MIB + 1, 0);
    expect(backlog.intake(10, 0)).toBe('noStarts');
    backlog.add(2, 192 * MIB, 10);
    expect(backlog.intake(10, 0)).toBe('settlesOnly');
  });

  test('takes no starts once something is without a row for over 30 s', () => {
    const backlog = createBacklog(10);
    backlog.add(1, 10, 1_000);
    expect(backlog.intake(31_000, 0)).toBe('all');
    expect(backlog.intake(31_001, 0)).toBe('noStarts');
  });

  test('takes no starts while too many runs lack a row', () => {
    const backlog = createBacklog(10);
    expect([backlog.intake(0, 10), backlog.intake(0, 11), backlog.intake(0, 10)]).toEqual(['all', 'noStarts', 'all']);
  });

  test('takes everything again once rows cover it', () => {
    const backlog = createBacklog(10);
    backlog.add(1, 65 * MIB, 0);
    backlog.add(2, 1, 200);
    backlog.cover(1);
    expect(backlog.byteLength).toBe(1);
    expect(backlog.intake(30_150, 0)).toBe('all');
    backlog.cover(2);
    expect(backlog.byteLength).toBe(0);
    expect(backlog.intake(1_000_000, 0)).toBe('all');
  });

  test('counts what is covered in part as not covered', () => {
    const backlog = createBacklog(10);
    backlog.add(1, 5, 0);
    backlog.add(2, 5, 1);
    backlog.cover(1);
    expect(backlog.byteLength).toBe(10);
    backlog.cover(2);
    expect(backlog.byteLength).toBe(0);
  });

  test('stays small however many records are behind', () => {
    const backlog = createBacklog(10);
    for (let position = 1; position <= 100_000; position += 1) backlog.add(position, 1, position / 1_000);
    expect(backlog.byteLength).toBe(100_000);
    backlog.cover(100_000);
    expect(backlog.byteLength).toBe(0);
  });
});

describe('a command', () => {
  test.each(['startRun', 'recordStep', 'sendSignal', 'completeItem'] as const)(
    '%s is taken without pressure',
    (kind) => {
      expect(maybeOverload(kind, 'all')).toBeUndefined();
    },
  );

  test('that starts a run is the first to be refused, with the time to come back', () => {
    expect(maybeOverload('startRun', 'noStarts')).toMatchObject({ reason: 'OVERLOADED', retryAfterMs: 1_000 });
    expect(maybeOverload('recordStep', 'noStarts')).toBeUndefined();
  });

  test.each(['recordStep', 'sendSignal', 'startRun', 'pauseRun', 'leaseItem'] as const)(
    '%s is refused when only settles are taken',
    (kind) => {
      expect(maybeOverload(kind, 'settlesOnly')).toMatchObject({ reason: 'OVERLOADED' });
    },
  );

  test.each(['completeItem', 'failItem', 'cancelRun', 'terminateRun', 'extendLease', 'expireLease'] as const)(
    '%s is taken under every pressure',
    (kind) => {
      expect(maybeOverload(kind, 'settlesOnly')).toBeUndefined();
    },
  );
});
