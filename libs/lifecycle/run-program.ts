import type { Logger } from '#libs/logger/logger.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { createPartStack, type PartStack, type StopFailure } from './part-stack.ts';
import type { ProcessHost, StopSignal } from './process-host.ts';
import { StartError } from './start-error.ts';
import { createSignalJudge } from './stop-signals.ts';

/** What a start gets: where to put what it started, and when to give up. */
export interface StartScope {
  /** What is added here is stopped when the program ends, however it ends. */
  readonly parts: PartStack;
  /** Aborts when the program is asked to end, also while it still starts. */
  readonly signal: AbortSignal;
  /** Ends the program as failed: for faults of what runs in the background. */
  readonly fail: (error: unknown) => void;
}

/** A program that is ready to be started. */
export interface Program {
  readonly kind: 'program';
  readonly log: Logger;
  /** How long it may take to end after it was asked to; then it is ended by force. */
  readonly graceMs: number;
  /** Starts everything. Answers when the program is ready. */
  start(scope: StartScope): Promise<void>;
  /** Hears that the program was asked to end, before it drains. */
  onDraining?(): void;
}

/** All that was wanted is a text: the help or the version. */
export interface PrintedText {
  readonly kind: 'text';
  readonly text: string;
}

/** What is kept of the grace period for cutting what did not finish and closing; half of it where it is short. */
const CLOSING_MS = 2_000;

/**
 * Runs a program from its start to its exit.
 *
 * States: starting → running → stopping → ended. A stop signal leads from the first two to stopping; a second one ends
 * the process at once (`stop-signals.ts`). Stopping ends with 0 when every part stopped within the grace period, with 1
 * otherwise. A `StartError` is one line on standard error and exit code 2; every other error is logged with its stack
 * and ends with 1, and so does whatever nobody caught.
 *
 * @param name what its lines on standard error begin with.
 * @param create reads the configuration and makes the program; it starts nothing.
 */
export async function runProgram(
  host: ProcessHost,
  name: string,
  create: (host: ProcessHost) => Promise<Program | PrintedText>,
): Promise<void> {
  const stopping = new AbortController();
  const parts = createPartStack(() => host.nowMs());
  const failed = Promise.withResolvers<never>();
  const asked = Promise.withResolvers<StopSignal>();
  let program: Program | undefined;

  watchSignals(host, (signal) => {
    stopping.abort();
    asked.resolve(signal);
  });
  host.onUncaught((error) => host.exit(report(host, name, program, error)));
  // It may fail when nobody waits for it, before the start or after the signal.
  failed.promise.catch(() => undefined);

  try {
    const created = await create(host);
    if (created.kind === 'text') {
      host.writeOut(created.text);
      host.exit(EXIT_CODES.done);
      return;
    }
    program = created;
    const started = created.start({ parts, signal: stopping.signal, fail: (error) => failed.reject(error) });
    const signal = await Promise.race([started.then(() => asked.promise), asked.promise, failed.promise]);
    created.onDraining?.();
    created.log.info({ signal, graceMs: created.graceMs }, 'asked to end: draining');
    const code = await stopWithin(host, created, async (graceMs) => {
      // A start that is still under way hears of it by its signal; its parts are stopped when it has given up.
      await started.catch((error: unknown) => created.log.debug({ err: error }, 'the start was given up'));
      return parts.stop(graceMs);
    });
    created.log.info({ code }, 'ended');
    host.exit(code);
  } catch (error) {
    const code = report(host, name, program, error);
    if (program !== undefined) {
      await stopWithin(host, program, (graceMs) => parts.stop(graceMs));
    }
    host.exit(code);
  }
}

function watchSignals(host: ProcessHost, onFirst: (signal: StopSignal) => void): void {
  const judge = createSignalJudge();
  host.onStopSignal((signal) => {
    const verdict = judge(signal, host.nowMs());
    if (verdict.kind === 'drain') {
      onFirst(signal);
    } else if (verdict.kind === 'exit') {
      host.exit(verdict.code);
    }
  });
}

/** Tells the user or the log what went wrong, and answers the exit code for it. */
function report(host: ProcessHost, name: string, program: Program | undefined, error: unknown): number {
  if (error instanceof StartError) {
    host.writeErr(`${name}: ${error.message}\n`);
    return EXIT_CODES.misuse;
  }
  if (program === undefined) {
    host.writeErr(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  } else {
    program.log.fatal({ err: error }, 'the program failed');
  }
  return EXIT_CODES.failed;
}

/** Stops, or ends the process by force when that takes longer than the grace period. */
async function stopWithin(
  host: ProcessHost,
  program: Program,
  stop: (graceMs: number) => Promise<readonly StopFailure[]>,
): Promise<number> {
  const { graceMs, log } = program;
  const forced = setTimeout(() => {
    log.error({ graceMs }, 'the grace period is over: ended by force');
    host.exit(EXIT_CODES.failed);
  }, graceMs);
  const failures = await stop(graceMs - Math.min(CLOSING_MS, graceMs / 2));
  clearTimeout(forced);
  for (const { part, error } of failures) {
    log.error({ err: error, part }, 'a part did not stop properly');
  }
  return failures.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
}
