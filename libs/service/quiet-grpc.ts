import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';

/**
 * Keeps grpc-js from writing to standard error by itself. Whatever it says there it also reports as an error or a
 * status, which ends up in the log or in the one line of a refused start.
 */
export function quietGrpc(): void {
  setLogVerbosity(logVerbosity.NONE);
}
