import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import type { LogDestination, LogFormat, LogOptions } from './log-options.ts';
import type { Logger } from './logger.ts';
import { REDACTED, SECRET_PATHS } from './redaction.ts';

/**
 * Makes a logger. Lines are written before the call returns, so that none is lost when the process ends; a service logs
 * little enough for that. As JSON, a line carries `level` as a word, `time` in ISO 8601, `service` and `msg`.
 */
export async function createLogger(options: LogOptions): Promise<Logger> {
  const stream = await openStream(options.format, options.destination);
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...SECRET_PATHS], censor: REDACTED },
    },
    stream,
  );
}

async function openStream(format: LogFormat, { target, isTerminal }: LogDestination): Promise<DestinationStream> {
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  if (!isPretty) {
    return typeof target === 'number' ? destination({ dest: target, sync: true }) : target;
  }
  // Only people on a terminal pay for loading it.
  const { PinoPretty } = await import('pino-pretty');
  return PinoPretty({
    destination: target as number,
    sync: true,
    colorize: isTerminal,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,service',
    messageFormat: '{service}: {msg}',
  });
}
