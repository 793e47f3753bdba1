import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from './decide/decide.ts';
import type { Effect } from './effects/effect.ts';
import type { Event } from './events/event.ts';
import { evolve } from './evolve/evolve.ts';
import { createByteReader } from './log/byte-reader.ts';
import { createByteWriter, writtenBytes } from './log/byte-writer.ts';
import { decodeEvent, encodeEvent } from './log/event-codec.ts';
import { decodeSnapshot, encodeSnapshot } from './log/snapshot-codec.ts';
import type { DefinitionRules } from './model/definition-rules.ts';
import { createRun, type Run } from './model/run.ts';
import { type Driver, isTerminal } from './model/status.ts';
import { computeWakeTime } from './model/wake-time.ts';
import { perform } from './perform.ts';
import { runFromSnapshot, snapshotOf } from './snapshot/snapshot.ts';
import { commandFromMove, type Move } from './testing/command-from-move.ts';
import { identityFor, startCommand } from './testing/scenario.ts';
import { waitsFor } from './views/waits-for.ts';

const RULES: DefinitionRules = {
  retry: { maxAttempts: 3, initialIntervalMs: 20 },
  scheduleToStartMs: 90_000,
  cleanupTimeoutMs: 5_000,
};

/** Random moves; most are legal where the run is, because the numbers are read against it. Times grow rarely by much. */
const moves: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({
    choice: fc.nat(59),
    a: fc.nat(9),
    b: fc.nat(9),
    elapsedMs: fc.oneof(
      { weight: 20, arbitrary: fc.nat(50) },
      { weight: 5, arbitrary: fc.nat(3_000) },
      { weight: 1, arbitrary: fc.nat(100_000) },
    ),
  }),
  { minLength: 1, maxLength: 100, size: 'max' },
);

interface Told {
  readonly queued: Set<number>;
  readonly leased: Map<number, bigint>;
}

/** What a shell that only follows effects would hold. */
function follow(told: Told, effects: readonly Effect[]): void {
  for (const effect of effects) {
    switch (effect.kind) {
      case 'queue':
        expect(told.queued.has(effect.item.itemSequence)).toBe(false);
        told.queued.add(effect.item.itemSequence);
        break;
      case 'withdraw':
        expect(told.queued.delete(effect.itemSequence)).toBe(true);
        break;
      case 'hold':
        told.leased.set(effect.lease.itemSequence, effect.lease.fence);
        break;
      case 'free':
      case 'revoke':
        expect(told.leased.get(effect.lease.itemSequence)).toBe(effect.lease.fence);
        told.leased.delete(effect.lease.itemSequence);
        break;
      default:
        break;
    }
  }
}

/** What the run says that a shell should hold. */
function expected(run: Run): Told {
  const told: Told = { queued: new Set(), leased: new Map() };
  for (const { item } of run.nodes.values()) {
    if (item?.lease !== undefined) told.leased.set(item.itemSequence, item.lease.fence);
    else if (item !== undefined && run.status !== 'PAUSED') told.queued.add(item.itemSequence);
  }
  return told;
}

function folded(driver: Driver, events: readonly Event[], from?: Run): Run {
  const run = from ?? createRun(identityFor(driver), RULES);
  for (const event of events) evolve(run, event);
  return run;
}

/** Plays moves on a fresh run, checks what must hold after each, and answers the log. */
function play(driver: Driver, script: readonly Move[]): { readonly run: Run; readonly log: readonly Event[] } {
  const run = createRun(identityFor(driver), RULES);
  const told: Told = { queued: new Set(), leased: new Map() };
  const log: Event[] = [];
  let now = 1_000_000;
  follow(told, perform(run, startCommand({ runTimeoutMs: 3_000_000 }), now).effects);
  log.push(...perform(createRun(identityFor(driver), RULES), startCommand({ runTimeoutMs: 3_000_000 }), now).events);
  for (const move of script) {
    now += move.elapsedMs;
    const command = commandFromMove(run, move, now, run.lastFence);
    const before = structuredClone(run);
    const ended = isTerminal(run.status);
    expect(decide(run, command, now)).toEqual(decide(run, command, now));
    expect(run).toEqual(before);
    const done = perform(run, command, now);
    log.push(...done.events);
    if (ended) expect(done.events).toEqual([]);
    follow(told, done.effects);
    expect(told).toEqual(expected(run));
    expect(run.wakeTime).toBe(computeWakeTime(run));
    if (done.result.kind === 'accepted' || done.events.length > 0) expect(run.wakeTime).toBeGreaterThan(now);
    if (driver === 'SERVER' && !isTerminal(run.status)) {
      const deadlines = [...run.openSteps.values()].filter(({ dueTime }) => dueTime < Infinity);
      expect(waitsFor(run).length + deadlines.length).toBeGreaterThan(0);
    }
  }
  return { run, log };
}

describe.each(['SERVER', 'CLIENT'] as const)('random commands on a %s run', (driver) => {
  test('never change a run that ended, never leave it stuck, and effects agree with the run', () => {
    fc.assert(
      fc.property(moves, (script) => {
        play(driver, script);
      }),
      { numRuns: 300 },
    );
  });

  test('give numbers without gaps, and a system record has the number of the event before it', () => {
    fc.assert(
      fc.property(moves, (script) => {
        let last = 0;
        for (const event of play(driver, script).log) {
          expect(event.sequence).toBe(event.kind === 'systemRecord' ? last : last + 1);
          last = event.sequence;
        }
      }),
      { numRuns: 100 },
    );
  });

  test('fold to the same run from a snapshot and its tail as from the start, wherever it is cut [61]', () => {
    fc.assert(
      fc.property(moves, fc.nat(), (script, cut) => {
        const { run, log } = play(driver, script);
        const at = cut % (log.length + 1);
        const bytes = encodeSnapshot(snapshotOf(folded(driver, log.slice(0, at))));
        const restored = runFromSnapshot(identityFor(driver), RULES, decodeSnapshot(bytes));
        expect(folded(driver, log.slice(at), restored)).toEqual(run);
        expect(folded(driver, log)).toEqual(run);
      }),
      { numRuns: 150 },
    );
  });

  test('give events that are the same after they were written and read', () => {
    fc.assert(
      fc.property(moves, (script) => {
        const { log } = play(driver, script);
        const writer = createByteWriter(16);
        for (const event of log) encodeEvent(writer, event, 1_000_500);
        const reader = createByteReader(writtenBytes(writer).slice());
        for (const event of log) expect(decodeEvent(reader, 1_000_500)).toEqual(event);
        expect(reader.position).toBe(reader.end);
      }),
      { numRuns: 100 },
    );
  });

  test('are answered the same, without events, when a settle or a record is sent again at once', () => {
    fc.assert(
      fc.property(moves, fc.array(fc.nat(59), { minLength: 1, maxLength: 3 }), (script, choices) => {
        const { run, log } = play(driver, script);
        const now = Math.max(1_000_000, log.at(-1)?.eventTime ?? 0);
        for (const choice of choices) {
          const command = commandFromMove(run, { choice, a: 7, b: 2, elapsedMs: 0 }, now, run.lastFence);
          const repeatable = ['recordStep', 'completeItem', 'failItem', 'releaseItem', 'yieldSlot', 'parkFunction'];
          if (!repeatable.includes(command.kind)) continue;
          const first = perform(run, command, now);
          const second = perform(run, command, now);
          expect(second.events).toEqual([]);
          if (first.result.kind === 'rejected') expect(second.result).toEqual(first.result);
          else expect(second.result.kind).toBe('accepted');
        }
      }),
      { numRuns: 150 },
    );
  });
});
