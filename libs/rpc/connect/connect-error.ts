import { ConnectError } from '@connectrpc/connect';
import type { CallStatus } from '../errors/call-status.ts';

/** A refusal as connect sends it: the details are the very ones of the gRPC door. */
export function connectErrorFromStatus({ code, message, details }: CallStatus): ConnectError {
  return new ConnectError(message, code, undefined, [...details]);
}
