import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command, CommandKind } from './commands/command.ts';
import { decide } from './decide/decide.ts';
import type { Event } from './events/event.ts';
import { evolve } from './evolve/evolve.ts';
import { createByteReader } from './log/byte-reader.ts';
import { createByteWriter, writtenBytes } from './log/byte-writer.ts';
import { decodeEvent, encodeEvent } from './log/event-codec.ts';
import { decodeSnapshot, encodeSnapshot } from './log/snapshot-codec.ts';
import { heldNodes, settledPaths } from './model/client-nodes.ts';
import { maybeTaskId, taskPath } from './model/client-path.ts';
import { maybeWanted, standOf, wantedTasks } from './model/client-tasks.ts';
import type { DefinitionRules } from './model/definition-rules.ts';
import { createRun, type Run } from './model/run.ts';
import { type Driver, isTerminal } from './model/status.ts';
import { computeWakeTime } from './model/wake-time.ts';
import { perform } from './perform.ts';
import { runFromSnapshot, snapshotOf } from './snapshot/snapshot.ts';
import { clientCommandFromMove } from './testing/client-command-from-move.ts';
import { commandFromMove, type Move } from './testing/command-from-move.ts';
import { assertTold, createTold, follow } from './testing/follow-effects.ts';
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
    choice: fc.nat(85),
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

function commandFor(run: Run, move: Move, now: number): Command {
  const fromMove = run.client === undefined ? commandFromMove : clientCommandFromMove;
  return fromMove(run, move, now, run.lastFence);
}

/** What must hold of a run by itself. */
function checkRun(run: Run, hasPurged: boolean): void {
  const fences = new Set<bigint>();
  for (const { item } of run.nodes.values()) {
    if (item?.lease === undefined) continue;
    expect(fences.has(item.lease.fence)).toBe(false);
    fences.add(item.lease.fence);
    expect(item.lease.fence <= run.lastFence).toBe(true);
  }
  if (run.client === undefined || isTerminal(run.status)) return;
  const { dead, settled, held, items } = run.client;
  for (const path of dead.keys()) expect(run.nodes.get(path)?.item).toBeUndefined();
  expect([...settled]).toEqual([...settledPaths(run.nodes, dead)]);
  expect(held).toEqual(heldNodes(run.nodes));
  for (const path of items.keys()) expect(run.nodes.has(path)).toBe(true);
  expect(run.status === 'PAUSED' && (run.cancel !== undefined || run.pendingPause !== undefined)).toBe(false);
  const stand = standOf(run, run.client);
  const wanted = wantedTasks(stand);
  // A dead letter that is purged is given up for good, until the run comes to stand there again.
  if (!hasPurged) {
    for (const taskId of wanted.keys()) {
      const path = taskPath(taskId);
      expect(run.nodes.get(path)?.item !== undefined || dead.has(path)).toBe(true);
    }
  }
  for (const { path, item } of run.nodes.values()) {
    const taskId = maybeTaskId(path);
    if (taskId === undefined || item === undefined || item.lease !== undefined) continue;
    const task = wanted.get(taskId);
    expect(task).toEqual(maybeWanted(stand, taskId));
    expect(item).toMatchObject({ priority: task?.priority, tags: task?.tags });
    expect((item.notBeforeTime ?? 0) >= (task?.notBeforeTime ?? 0)).toBe(true);
  }
}

/** What is acknowledged without effect when it is sent again by who sent it. */
const REPEATABLE: ReadonlySet<CommandKind> = new Set<CommandKind>([
  'recordStep',
  'completeItem',
  'failItem',
  'releaseItem',
  'yieldSlot',
  'parkFunction',
  'completeWorkItem',
  'failWorkItem',
  'extendClaim',
  'enqueueItem',
  'moveToDeadLetter',
  'purgeDeadLetter',
  'clearControl',
]);

function folded(driver: Driver, events: readonly Event[], from?: Run): Run {
  const run = from ?? createRun(identityFor(driver), RULES);
  for (const event of events) evolve(run, event);
  return run;
}

/** Plays moves on a fresh run and answers the log. */
function play(driver: Driver, script: readonly Move[]): { readonly run: Run; readonly log: readonly Event[] } {
  const run = createRun(identityFor(driver), RULES);
  let now = 1_000_000;
  const log = [...perform(run, startCommand({ runTimeoutMs: 3_000_000 }), now).events];
  for (const move of script) {
    now += move.elapsedMs;
    log.push(...perform(run, commandFor(run, move, now), now).events);
  }
  return { run, log };
}

/** Plays moves on a fresh run and checks what must hold after each. */
function check(driver: Driver, script: readonly Move[]): void {
  const run = createRun(identityFor(driver), RULES);
  const told = createTold();
  let now = 1_000_000;
  let hasPurged = false;
  follow(told, perform(run, startCommand({ runTimeoutMs: 3_000_000 }), now).effects);
  for (const move of script) {
    now += move.elapsedMs;
    const command = commandFor(run, move, now);
    const before = structuredClone(run);
    const { lastFence } = run;
    const ended = isTerminal(run.status);
    expect(decide(run, command, now)).toEqual(decide(run, command, now));
    // Whatever is answered without events changes nothing: only events do.
    expect(run).toEqual(before);
    const done = perform(run, command, now);
    if (ended) expect(done.events).toEqual([]);
    follow(told, done.effects);
    assertTold(told, run);
    hasPurged ||= command.kind === 'purgeDeadLetter';
    checkRun(run, hasPurged);
    expect(run.lastFence >= lastFence).toBe(true);
    expect(run.wakeTime).toBe(computeWakeTime(run));
    if (done.result.kind === 'accepted' || done.events.length > 0) expect(run.wakeTime).toBeGreaterThan(now);
    if (driver === 'SERVER' && !isTerminal(run.status)) {
      const deadlines = [...run.openSteps.values()].filter(({ dueTime }) => dueTime < Infinity);
      expect(waitsFor(run).length + deadlines.length).toBeGreaterThan(0);
    }
  }
}

describe.each(['SERVER', 'CLIENT'] as const)('random commands on a %s run', (driver) => {
  test('never change a run that ended, never leave it stuck, and effects agree with the run', () => {
    fc.assert(
      fc.property(moves, (script) => {
        check(driver, script);
      }),
      { numRuns: 200 },
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
      fc.property(moves, fc.array(fc.nat(85), { minLength: 1, maxLength: 3 }), (script, choices) => {
        const { run, log } = play(driver, script);
        const now = Math.max(1_000_000, log.at(-1)?.eventTime ?? 0);
        for (const choice of choices) {
          const command = commandFor(run, { choice, a: 7, b: 2, elapsedMs: 0 }, now);
          if (!REPEATABLE.has(command.kind)) continue;
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
