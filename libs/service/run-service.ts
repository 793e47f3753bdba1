import type { ConfigReading } from '#libs/config/parse-config.ts';
import type { ProcessHost } from '#libs/lifecycle/process-host.ts';
import { returnMemory } from '#libs/lifecycle/return-memory.ts';
import { runProgram, type StartScope } from '#libs/lifecycle/run-program.ts';
import { createLogger } from '#libs/logger/create-logger.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { CommonConfig } from './common-config.ts';

/** What a service gets to start with. */
export interface ServiceScope<C> extends StartScope {
  readonly config: C;
  readonly log: Logger;
  /** Makes a logger for another service of the same process. */
  readonly createLog: (service: string) => Promise<Logger>;
}

/** A service as a program of its own. */
export interface ServiceProgram<C> {
  /** What the log calls it. */
  readonly service: string;
  /** What its lines on standard error begin with. */
  readonly program: string;
  /** Reads the configuration from the environment and the arguments. */
  readonly readConfig: (argv: readonly string[]) => ConfigReading<C>;
  /** Where log lines go; a program that prints something for people on standard output logs to standard error. */
  readonly logTo: 'stdout' | 'stderr';
  start(scope: ServiceScope<C>): Promise<void>;
  /** Hears that the program was asked to end. */
  onDraining?(): void;
}

/** Runs a service from its configuration to its exit. */
export function runService<C extends CommonConfig>(host: ProcessHost, program: ServiceProgram<C>): Promise<void> {
  const { service, logTo } = program;
  return runProgram(host, program.program, async () => {
    const reading = program.readConfig(host.argv);
    if (reading.kind === 'text') {
      return reading;
    }
    const { config } = reading;
    const destination =
      logTo === 'stdout'
        ? ({ target: 1, isTerminal: host.isOutTerminal } as const)
        : ({ target: 2, isTerminal: host.isErrTerminal } as const);
    const createLog = (name: string): Promise<Logger> =>
      createLogger({ service: name, level: config.logLevel, format: config.logFormat, destination });
    const log = await createLog(service);
    return {
      kind: 'program',
      log,
      graceMs: config.graceMs,
      start: (scope) => {
        const watch = returnMemory();
        scope.parts.add({ name: 'memory', close: () => watch[Symbol.dispose]() });
        return program.start({ ...scope, config, log, createLog });
      },
      ...(program.onDraining === undefined ? {} : { onDraining: () => program.onDraining?.() }),
    };
  });
}
