import type { Logger as PinoLogger } from 'pino';

/** Where every part writes what happened: structured fields first, then a short lower-case sentence. */
export type Logger = PinoLogger;
