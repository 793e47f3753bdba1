import type { ParkFunction, RecordStep, StartChild } from '#libs/engine/commands/step-commands.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { type Ack, acknowledge } from './leased-run.ts';

/** A command that has the next ordinal of its incarnation. */
export type OrderedCommand = RecordStep | ParkFunction | StartChild;

/**
 * Does what the records of one request say: all of it, or nothing. Those that are known are acknowledged without effect.
 *
 * @throws LEASE_LOST, RUN_TERMINAL, STEPS_MISSING.
 */
export function performOrdered(
  visit: RunVisit,
  commands: readonly OrderedCommand[],
  stepCount: number,
): Ack | undefined {
  // After the first one that counts nothing is refused any more but a gap, so that one is tried first.
  const gap = maybeGap(commands, stepCount);
  if (gap !== undefined) return acknowledge(visit, gap);
  let ack: Ack | undefined;
  for (const command of commands) ack = acknowledge(visit, command);
  return ack;
}

/** The first command that leaves a gap behind those before it. */
function maybeGap(commands: readonly OrderedCommand[], stepCount: number): OrderedCommand | undefined {
  let count = stepCount;
  for (const command of commands) {
    if (command.ordinal > count + 1) return command;
    count = Math.max(count, command.ordinal);
  }
  return undefined;
}
