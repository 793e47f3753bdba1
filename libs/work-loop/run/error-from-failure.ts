import type { Failure, FailureCause } from '#gen/millrace/workflow/v1/failure_pb.ts';

/** The error that the log tells of, as far as it can be made again: its type is its name, its causes come along. */
export function errorFromFailure({ type, message, stack, causes }: Failure): Error {
  return errorOf({ type, message, stack }, causes);
}

function errorOf({ type, message, stack }: Omit<FailureCause, '$typeName'>, causes: readonly FailureCause[]): Error {
  const [cause, ...rest] = causes;
  const error = new Error(message, cause === undefined ? undefined : { cause: errorOf(cause, rest) });
  error.name = type;
  if (stack !== '') error.stack = stack;
  return error;
}
