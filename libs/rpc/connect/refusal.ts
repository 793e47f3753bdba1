import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError } from '#libs/errors/domain-error.ts';
import { callerGone } from '../call/caller-gone.ts';

/** What kept a request from being read, in our words. Whatever is no error of connect comes from the connection. */
export function refusalOfRequest(cause: unknown, maxMessageBytes: number): DomainError {
  switch (cause instanceof ConnectError ? cause.code : Code.Canceled) {
    case Code.ResourceExhausted:
      return new DomainError('PAYLOAD_TOO_LARGE', `message is larger than ${maxMessageBytes} bytes`, {
        metadata: { maximum: String(maxMessageBytes) },
        cause,
      });
    case Code.InvalidArgument:
    case Code.Unimplemented:
      return new DomainError('MALFORMED', 'the request cannot be decoded', { cause });
    default:
      return callerGone();
  }
}
