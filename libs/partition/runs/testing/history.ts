import fc from 'fast-check';
import type { Command } from '#libs/engine/commands/command.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { createByteWriter, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { encodeEvent } from '#libs/engine/log/event-codec.ts';
import { CLIENT_RULES, type DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { RunIdentity } from '#libs/engine/model/run.ts';
import { type Driver, isTerminal } from '#libs/engine/model/status.ts';
import { perform } from '#libs/engine/perform.ts';
import { clientCommandFromMove } from '#libs/engine/testing/client-command-from-move.ts';
import { commandFromMove, type Move } from '#libs/engine/testing/command-from-move.ts';
import { identityFor, startCommand } from '#libs/engine/testing/scenario.ts';
import type { EventBytes } from '../event-bytes.ts';
import { createHotRun, type HotRun } from '../hot-run.ts';
import { runEndOf } from '../run-end.ts';

/** Rules under which runs retry, time out and clean up soon. */
export const HISTORY_RULES: DefinitionRules = {
  retry: { maxAttempts: 3, initialIntervalMs: 20 },
  scheduleToStartMs: 90_000,
  cleanupTimeoutMs: 5_000,
};

/** The rules of a run of a random history. */
export function rulesFor(driver: Driver): DefinitionRules {
  return driver === 'CLIENT' ? CLIENT_RULES : HISTORY_RULES;
}

/** A move whose payload, if it has one, is so large, and which is repeated so often. */
export interface LargeMove extends Move {
  readonly bytes: number;
  readonly repeats: number;
  /** Whether it may end the run. */
  readonly mayEnd: boolean;
}

const largeMove: fc.Arbitrary<LargeMove> = fc.record({
  choice: fc.nat(59),
  a: fc.nat(9),
  b: fc.nat(9),
  elapsedMs: fc.oneof({ weight: 20, arbitrary: fc.nat(50) }, { weight: 1, arbitrary: fc.nat(3_000) }),
  bytes: fc.oneof(
    { weight: 40, arbitrary: fc.nat(100) },
    { weight: 4, arbitrary: fc.nat(10_000) },
    { weight: 1, arbitrary: fc.nat(200_000) },
  ),
  repeats: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(25) }),
  mayEnd: fc.nat(50).map((chance) => chance === 0),
});

/** Random moves; most payloads are small, some fill a head, a few fill a segment. Most runs get old. */
export const largeMoves: fc.Arbitrary<readonly LargeMove[]> = fc.array(largeMove, {
  minLength: 1,
  maxLength: 120,
  size: 'max',
});

/** A few of them. */
export const fewMoves: fc.Arbitrary<readonly LargeMove[]> = fc.array(largeMove, { minLength: 1, maxLength: 6 });

/** The same, with no payload that counts. */
export const smallMoves: fc.Arbitrary<readonly LargeMove[]> = largeMoves.map((moves) =>
  moves.map((move) => ({ ...move, bytes: move.bytes % 100 })),
);

/** A move that does what it says, once. */
export function plainMove(move: Move): LargeMove {
  return { ...move, bytes: 1, repeats: 0, mayEnd: true };
}

/** A run and everything that happened to it, as a partition keeps them. */
export interface History {
  /** The run as it is in memory; another one when it was loaded again. */
  hot: HotRun;
  readonly log: Event[];
  now: number;
  /** Does a command, and adds what it led to as one chunk. Answers whether it was accepted. */
  readonly act: (command: Command) => boolean;
  /** Does random moves. */
  readonly play: (moves: readonly LargeMove[]) => void;
}

/** A run that was started. */
export function createHistory(driver: Driver, identity: Partial<RunIdentity> = {}): History {
  const start = {
    request: { requestId: 'request-1', argumentsHash: Uint8Array.of(1, 2, 3) },
    retentionMs: 86_400_000,
    traceparent: '',
  };
  const hot = createHotRun({ ...identityFor(driver), ...identity }, rulesFor(driver), start);
  const history: History = {
    hot,
    log: [],
    now: 1_800_000_000_000,
    act: (command) => {
      const { events, result } = perform(history.hot.run, command, history.now);
      if (events.length > 0) addEvents(history.hot, events);
      history.log.push(...events);
      return result.kind === 'accepted';
    },
    play: (moves) => {
      for (const move of moves) {
        history.now += move.elapsedMs;
        if (driver === 'SERVER' && isEnding(move) && !move.mayEnd) continue;
        if (driver === 'SERVER' && needsLease(move)) history.act(nextCommand({ ...move, choice: 0, a: 0, b: 0 }));
        for (let left = move.repeats; left >= 0; left -= 1) {
          const command = nextCommand(move);
          if (driver === 'CLIENT' && endsClientRun(command) && !move.mayEnd) break;
          history.act(enlarged(command, move.bytes));
        }
      }
    },
  };
  function nextCommand(move: Move): Command {
    const { run } = history.hot;
    if (driver === 'SERVER') return commandFromMove(run, move, history.now, run.lastFence);
    // Much of what a worker would do to a SERVER run, the runtime of a CLIENT run does by events.
    if (needsLease(move) && move.b < 5) return APPEND;
    return clientCommandFromMove(run, move, history.now, run.lastFence);
  }
  history.act(startCommand({ runTimeoutMs: 30_000_000 }));
  return history;
}

/** Adds events to a run that they were folded into, as a visit does. */
function addEvents(hot: HotRun, events: readonly Event[]): void {
  hot.tail.push(eventBytesOf(events, hot.tail.nextSequence, hot.baseTime));
  for (const event of events) hot.ended ??= runEndOf(event);
  hot.isDirty = true;
}

/** Events as they stand in the journal. */
export function eventBytesOf(events: readonly Event[], firstSequence: number, baseTime: number): EventBytes {
  const writer = createByteWriter(256);
  for (const event of events) encodeEvent(writer, event, baseTime);
  return { firstSequence, count: events.length, bytes: writtenBytes(writer).slice() };
}

const APPEND: Command = {
  kind: 'appendEvents',
  events: [{ type: 'did', data: undefined, sourceTime: undefined, metadata: { k: 'v' } }],
  expectedSequence: undefined,
};

/** Whether a command ends a CLIENT run, or will. */
function endsClientRun(command: Command): boolean {
  switch (command.kind) {
    case 'cancelRun':
    case 'terminateRun':
      return true;
    case 'updateStatus':
    case 'saveSnapshot':
      return isTerminal(command.status);
    default:
      return false;
  }
}

/** The moves of `commandFromMove` that end most runs. */
function isEnding({ choice, a, b }: Move): boolean {
  const kind = choice % 30;
  return (kind === 26 && b <= 4) || kind === 27 || (kind === 28 && b === 0) || (kind === 29 && b > 2 && a % 5 === 3);
}

/** The moves that a worker makes, who must have the item. */
function needsLease({ choice }: Move): boolean {
  return choice % 30 >= 4 && choice % 30 <= 17;
}

function enlarged(command: Command, bytes: number): Command {
  const data = new Uint8Array(bytes).fill(7);
  const payload: Payload = { contentType: '', encodings: [], data, ref: undefined };
  switch (command.kind) {
    case 'recordStep':
      return command.record.kind === 'result' ? { ...command, record: { kind: 'result', result: payload } } : command;
    case 'completeItem':
    case 'completeWorkItem':
    case 'saveTaskResult':
      return { ...command, output: payload };
    case 'saveSnapshot':
    case 'enqueueItem':
      return { ...command, payload };
    case 'patchState':
      return { ...command, value: payload };
    case 'sendSignal':
      return { ...command, payload };
    case 'appendEvents':
      return { ...command, events: command.events.map((event) => ({ ...event, data: payload })) };
    default:
      return command;
  }
}
