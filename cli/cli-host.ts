import { createProcessHost, type ProcessHost } from '#libs/lifecycle/process-host.ts';
import { CLI_EXIT_CODES } from './commands/exit-codes.ts';

/** What the command line needs of the process that it runs in. */
export interface CliHost extends ProcessHost {
  /** Whether somebody types on standard input. */
  readonly isInTerminal: boolean;
  /** What comes on standard input. */
  readIn(): AsyncIterable<Uint8Array>;
  /** The time of day, in milliseconds since 1970. */
  wallMs(): number;
  /** Answers once what was written has left the process, which an exit would cut otherwise. */
  flush(): Promise<void>;
}

/**
 * The real process. When whoever reads its output goes away, as `head` does, it ends at once and quietly, with the code
 * that shells give to such programs.
 */
export function createCliHost(process: NodeJS.Process): CliHost {
  const { stdin, stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', () => process.exit(CLI_EXIT_CODES.readerGone));
  }
  return {
    ...createProcessHost(process),
    isInTerminal: stdin.isTTY === true,
    readIn: () => stdin,
    wallMs: () => Date.now(),
    async flush() {
      const written = [stdout, stderr].map(
        (stream) => new Promise<void>((resolve) => void stream.write('', () => resolve())),
      );
      await Promise.all(written);
    },
  };
}
