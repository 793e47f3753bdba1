import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { Reason } from '#libs/errors/reasons.ts';

/** The reasons of the proto by name. */
type WireReason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

/** Reasons are called the same on both sides, and a reason that the proto lacks does not compile here. */
const NUMBERS: Readonly<Record<Reason, ErrorReason>> = ErrorReason;

const NAMES: ReadonlyMap<number, WireReason> = new Map(
  (Object.keys(ErrorReason) as Array<keyof typeof ErrorReason>)
    .filter((name) => name !== 'UNSPECIFIED')
    .map((name) => [ErrorReason[name], name]),
);

/** A reason on the wire. */
export function reasonToProto(reason: Reason): ErrorReason {
  return NUMBERS[reason];
}

/** A reason by its name, as another run told it. Unspecified: not a reason of this release. */
export function reasonNameToProto(name: string): ErrorReason {
  return Object.hasOwn(NUMBERS, name) ? NUMBERS[name as Reason] : ErrorReason.UNSPECIFIED;
}

/** The reason that a number means; a reason that the engine's side lacks does not compile here. Undefined: not known. */
export function maybeReasonFromProto(reason: ErrorReason): Reason | undefined {
  return NAMES.get(reason);
}
