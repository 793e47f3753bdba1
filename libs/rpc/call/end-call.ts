import { randomUUID } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';
import { type CallStatus, internalStatus, isFault, statusFromDomainError } from '../errors/call-status.ts';
import { CODE_NAMES } from '../errors/code.ts';
import type { Call } from './call.ts';

/** Ends a call that succeeded. Answers `false` when the call had ended before, and then there is nothing to tell. */
export function endCall(call: Call): boolean {
  if (!call.end()) {
    return false;
  }
  report(call, undefined);
  return true;
}

/**
 * Ends a call that failed and says how it is told to the caller. Answers `false` when the call had ended before, and
 * then there is nothing to tell.
 */
export function failCall(call: Call, error: unknown): CallStatus | false {
  if (!call.end()) {
    return false;
  }
  const status = statusOf(call, error);
  report(call, status);
  return status;
}

function report(call: Call, status: CallStatus | undefined): void {
  const code = status === undefined ? 'OK' : CODE_NAMES[status.code];
  const durationMs = performance.now() - call.startedAt;
  const { binding, incoming, runtime, principal } = call;
  runtime.observer?.callEnded(binding.path, incoming.door, code, durationMs);
  if (runtime.log.isLevelEnabled('debug')) {
    const { door, peerAddress } = incoming;
    call.log.debug({ door, code, durationMs, peerAddress, tokenId: principal.tokenId, error: status?.message }, 'call');
  }
}

function statusOf(call: Call, error: unknown): CallStatus {
  if (!(error instanceof DomainError)) {
    const errorId = randomUUID();
    call.log.error({ err: error, errorId }, 'handler failed');
    return internalStatus(errorId);
  }
  const status = statusFromDomainError(error);
  if (isFault(status)) {
    call.log.error({ err: error, reason: error.reason }, 'call failed');
  }
  return status;
}
