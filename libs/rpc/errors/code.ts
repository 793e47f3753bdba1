import { Code } from '@connectrpc/connect';
import type { ErrorKind } from '#libs/errors/reasons.ts';

/** The one place where a kind of refusal becomes a code; gRPC and Connect share the numbers. */
export const CODE_OF_KIND: Readonly<Record<ErrorKind, Code>> = {
  'not-found': Code.NotFound,
  invalid: Code.InvalidArgument,
  precondition: Code.FailedPrecondition,
  conflict: Code.Aborted,
  exists: Code.AlreadyExists,
  denied: Code.PermissionDenied,
  unauthenticated: Code.Unauthenticated,
  exhausted: Code.ResourceExhausted,
  corrupt: Code.DataLoss,
  unavailable: Code.Unavailable,
  deadline: Code.DeadlineExceeded,
  cancelled: Code.Canceled,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
};

/** The codes' names as gRPC spells them, for logs and metrics. */
export const CODE_NAMES: Readonly<Record<Code, string>> = {
  [Code.Canceled]: 'CANCELLED',
  [Code.Unknown]: 'UNKNOWN',
  [Code.InvalidArgument]: 'INVALID_ARGUMENT',
  [Code.DeadlineExceeded]: 'DEADLINE_EXCEEDED',
  [Code.NotFound]: 'NOT_FOUND',
  [Code.AlreadyExists]: 'ALREADY_EXISTS',
  [Code.PermissionDenied]: 'PERMISSION_DENIED',
  [Code.ResourceExhausted]: 'RESOURCE_EXHAUSTED',
  [Code.FailedPrecondition]: 'FAILED_PRECONDITION',
  [Code.Aborted]: 'ABORTED',
  [Code.OutOfRange]: 'OUT_OF_RANGE',
  [Code.Unimplemented]: 'UNIMPLEMENTED',
  [Code.Internal]: 'INTERNAL',
  [Code.Unavailable]: 'UNAVAILABLE',
  [Code.DataLoss]: 'DATA_LOSS',
  [Code.Unauthenticated]: 'UNAUTHENTICATED',
};
