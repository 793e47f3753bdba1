import type { DestinationStream } from 'pino';

/** How much is logged, from everything to nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How lines look: for programs, for people, or for whoever seems to read them. */
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
/** How lines look. `auto` is `pretty` on a terminal and `json` elsewhere. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** What a logger is made of. */
export interface LogOptions {
  /** The program's name, in every line as `service`. */
  readonly service: string;
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where lines go. */
  readonly destination: LogDestination;
}

/** Where lines go: a stream of the process, or one of a test's own. */
export interface LogDestination {
  /** The file descriptor, 1 for standard output and 2 for standard error, or a stream. */
  readonly target: 1 | 2 | DestinationStream;
  readonly isTerminal: boolean;
}
