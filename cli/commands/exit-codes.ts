import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { EXIT_CODES } from '#libs/lifecycle/exit-codes.ts';

/** The ways in which the command line ends. */
export type CliExit =
  | 'done'
  | 'failed'
  | 'misuse'
  | 'runFailed'
  | 'runCancelled'
  | 'runTerminated'
  | 'runOpen'
  | 'readerGone';

/** How the command line ends, besides 130 and 143 after a signal. */
export const CLI_EXIT_CODES: Readonly<Record<CliExit, number>> = {
  /** It did what it was asked; of a run that was waited for: it is COMPLETED. */
  done: EXIT_CODES.done,
  /** It was refused or it failed, and standard error says how. */
  failed: EXIT_CODES.failed,
  /** The command line was not understood. */
  misuse: EXIT_CODES.misuse,
  /** The run that was waited for is FAILED. */
  runFailed: 3,
  /** The run that was waited for is CANCELLED. */
  runCancelled: 4,
  /** The run that was waited for is TERMINATED. */
  runTerminated: 5,
  /** The run that was waited for was still open when the time was up. */
  runOpen: 6,
  /** Nobody reads the output any more (128 + 13, as of a program that SIGPIPE ended). */
  readerGone: 141,
};

/** The exit code that tells how a run that was waited for stands. */
export function exitCodeOfStatus(status: RunStatus): number {
  switch (status) {
    case RunStatus.COMPLETED:
      return CLI_EXIT_CODES.done;
    case RunStatus.FAILED:
      return CLI_EXIT_CODES.runFailed;
    case RunStatus.CANCELLED:
      return CLI_EXIT_CODES.runCancelled;
    case RunStatus.TERMINATED:
      return CLI_EXIT_CODES.runTerminated;
    default:
      return CLI_EXIT_CODES.runOpen;
  }
}

/** Whether a run in this status never changes again. */
export function isTerminal(status: RunStatus): boolean {
  return exitCodeOfStatus(status) !== CLI_EXIT_CODES.runOpen;
}
