/** A signal that asks a program to end. */
export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What a program needs of the process that it runs in. */
export interface ProcessHost {
  /** The arguments after the program's own name. */
  readonly argv: readonly string[];
  /** Whether somebody reads standard output on a terminal. */
  readonly isOutTerminal: boolean;
  /** Whether somebody reads standard error on a terminal. */
  readonly isErrTerminal: boolean;
  /** Writes to standard output. */
  writeOut(text: string): void;
  /** Writes to standard error. */
  writeErr(text: string): void;
  /** A clock that only goes forward. */
  nowMs(): number;
  /** Hears of every signal that asks the program to end, repeated ones included. */
  onStopSignal(listener: (signal: StopSignal) => void): void;
  /** Hears of an exception or a rejection that nobody caught. */
  onUncaught(listener: (error: unknown) => void): void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** The real process. */
export function createProcessHost(process: NodeJS.Process): ProcessHost {
  return {
    argv: process.argv.slice(2),
    isOutTerminal: process.stdout.isTTY === true,
    isErrTerminal: process.stderr.isTTY === true,
    writeOut: (text) => void process.stdout.write(text),
    writeErr: (text) => void process.stderr.write(text),
    nowMs: () => performance.now(),
    onStopSignal(listener) {
      process.on('SIGINT', () => listener('SIGINT'));
      process.on('SIGTERM', () => listener('SIGTERM'));
    },
    onUncaught(listener) {
      process.on('uncaughtException', listener);
      process.on('unhandledRejection', listener);
    },
    exit: (code) => void process.exit(code),
  };
}
