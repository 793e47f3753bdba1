import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack, durationMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import type { StatusObject } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '#gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '#gen/google/rpc/status_pb.ts';
import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import { REASON_KINDS, type Reason } from '#libs/errors/reasons.ts';
import { ERROR_DOMAIN } from '../errors/call-status.ts';
import { CODE_NAMES } from '../errors/code.ts';
import { RpcStatusError } from './rpc-status-error.ts';

const DETAILS_KEY = 'grpc-status-details-bin';

/** What is said where the other side, a proxy or grpc-js gives a code and no reason of ours. */
interface Plain {
  readonly reason: Reason;
  readonly message: string;
}

const FAULT: Plain = { reason: 'INTERNAL', message: 'the called service failed' };

/**
 * A code without a reason comes from the transport. Codes that only a domain can mean, such as NOT_FOUND, say nothing
 * without one, and are a fault of the other side.
 */
const PLAIN: Readonly<Record<Code, Plain>> = {
  // A call that this side gives up ends before any status: so it was the other side, which resets streams when it dies.
  [Code.Canceled]: { reason: 'UNAVAILABLE', message: 'the called service cut the call' },
  [Code.Unknown]: FAULT,
  [Code.InvalidArgument]: { reason: 'MALFORMED', message: 'the called service does not accept the request' },
  [Code.DeadlineExceeded]: { reason: 'DEADLINE_EXCEEDED', message: 'the deadline of the call has passed' },
  [Code.NotFound]: FAULT,
  [Code.AlreadyExists]: FAULT,
  [Code.PermissionDenied]: { reason: 'ROLE_DENIED', message: 'the called service denies the call' },
  [Code.ResourceExhausted]: { reason: 'OVERLOADED', message: 'a limit of the called service or of the channel is met' },
  [Code.FailedPrecondition]: FAULT,
  [Code.Aborted]: FAULT,
  [Code.OutOfRange]: FAULT,
  [Code.Unimplemented]: { reason: 'NOT_BUILT', message: 'the called service does not have the method' },
  [Code.Internal]: FAULT,
  [Code.Unavailable]: { reason: 'UNAVAILABLE', message: 'the called service is not available' },
  [Code.DataLoss]: { reason: 'DATA_CORRUPTION', message: 'the called service found stored data to be corrupt' },
  [Code.Unauthenticated]: { reason: 'UNAUTHENTICATED', message: 'the called service does not accept the token' },
};

interface Details {
  message: string;
  reason: Reason | undefined;
  metadata: Readonly<Record<string, string>>;
  violations: readonly FieldViolation[];
  retryAfterMs: number | undefined;
}

/**
 * The domain error that a status stands for. Where the other side gave a reason, it is the same error that was thrown
 * there; otherwise the code decides, and what it said stays in the cause, because it may tell of the inside.
 */
export function errorFromStatus(path: string, status: StatusObject): DomainError {
  const code: Code = status.code in CODE_NAMES ? (status.code as number) : Code.Unknown;
  const cause = new RpcStatusError(path, CODE_NAMES[code], status.details);
  const details = maybeDetails(status);
  const plain = PLAIN[code];
  return new DomainError(details?.reason ?? plain.reason, details?.reason ? details.message : plain.message, {
    cause,
    ...(details === undefined ? {} : { metadata: details.metadata, violations: details.violations }),
    ...(details?.retryAfterMs === undefined ? {} : { retryAfterMs: details.retryAfterMs }),
  });
}

function maybeDetails({ metadata, details }: StatusObject): Details | undefined {
  const bytes = metadata.get(DETAILS_KEY)[0];
  if (!(bytes instanceof Uint8Array)) {
    return undefined;
  }
  const found: Details = {
    message: details,
    reason: undefined,
    metadata: {},
    violations: [],
    retryAfterMs: undefined,
  };
  try {
    for (const detail of fromBinary(StatusSchema, bytes).details) {
      const info = anyUnpack(detail, ErrorInfoSchema);
      if (info?.domain === ERROR_DOMAIN && isReason(info.reason)) {
        found.reason = info.reason;
        found.metadata = info.metadata;
      }
      const badRequest = anyUnpack(detail, BadRequestSchema);
      if (badRequest !== undefined) {
        found.violations = badRequest.fieldViolations.map(({ field, description, reason }) =>
          reason === '' ? { field, description } : { field, description, rule: reason },
        );
      }
      const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
      if (delay !== undefined) {
        found.retryAfterMs = durationMs(delay);
      }
    }
  } catch {
    // Details that do not decode are as good as none: the code still says what to do.
    return undefined;
  }
  return found;
}

function isReason(reason: string): reason is Reason {
  return Object.hasOwn(REASON_KINDS, reason);
}
