import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { Reason } from '#libs/errors/reasons.ts';

const NAMES: ReadonlyMap<number, Reason> = new Map(
  (Object.keys(ErrorReason) as Array<keyof typeof ErrorReason>)
    .filter((name) => name !== 'UNSPECIFIED')
    .map((name) => [ErrorReason[name], name]),
);

/** The reason that a number on the wire means. One that this release does not know is INTERNAL. */
export function reasonFromProto(reason: ErrorReason): Reason {
  return NAMES.get(reason) ?? 'INTERNAL';
}
