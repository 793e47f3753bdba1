import { numberOf, packBody, parseBody, textOf } from './row-body.ts';

/** What a node says of itself. */
export interface MemberFacts {
  /** Where its gRPC door is, `host:port`. */
  readonly address: string;
  /** Where its HTTP door is, `host:port`; empty for none. */
  readonly httpAddress: string;
  /** Its release. */
  readonly version: string;
  /** The newest format that it reads. */
  readonly newestFormat: number;
  /** Milliseconds of Unix time. For people: nothing is decided by it. */
  readonly startTime: number;
}

/** The facts of a member and whether it hands its partitions over. */
export interface MemberBody extends MemberFacts {
  readonly isDraining: boolean;
}

/** Packs the body of a member's row. */
export function bodyFromMember(member: MemberBody): Uint8Array {
  const { address, httpAddress, version, newestFormat, startTime, isDraining } = member;
  return packBody({ address, httpAddress, version, newestFormat, startTime, isDraining });
}

/**
 * Reads what `bodyFromMember` wrote.
 *
 * @throws DATA_CORRUPTION for a body that is damaged or of a newer release's format.
 */
export function memberFromBody(nodeId: string, body: Uint8Array): MemberBody {
  const fields = parseBody(`member ${nodeId}`, body);
  return {
    address: textOf(fields, 'address'),
    httpAddress: textOf(fields, 'httpAddress'),
    version: textOf(fields, 'version'),
    newestFormat: numberOf(fields, 'newestFormat'),
    startTime: numberOf(fields, 'startTime'),
    isDraining: fields['isDraining'] === true,
  };
}
