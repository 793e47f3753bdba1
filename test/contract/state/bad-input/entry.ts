import type { DescMessage, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { Reason } from '#libs/errors/reasons.ts';
import type { World } from './world.ts';

type Init<D extends DescMessage> = Exclude<MessageInitShape<D>, MessageShape<D>>;

/** A request that is well-formed and refused. */
export interface Refusal<I> {
  /** What is wrong with it, for people. */
  readonly flaw: string;
  /** What differs from the valid request. */
  readonly change: Partial<I>;
  readonly reason: Reason;
}

/** What is known of an RPC. */
export interface Entry<I> {
  /** A valid request, or the first message of a stream; its tenant is put in. */
  readonly request: (world: World) => I;
  /** The driver of the runs that it is for. NONE: it names no run, or any that there may be. */
  readonly runs: 'CLIENT' | 'SERVER' | 'BOTH' | 'NONE';
  /** What names a run of the other driver. Default: its `run_id`. */
  readonly onOther?: (world: World) => Partial<I>;
  readonly refusals?: (world: World) => readonly Refusal<I>[];
}

/** An entry for each RPC of a service: one that is missing does not compile. */
export type Entries<S extends DescService> = {
  readonly [K in keyof S['method']]: Entry<Init<S['method'][K]['input']>>;
};

/** A flaw with what it changes and the reason that it is refused for. */
export function refused<I>(flaw: string, change: Partial<I>, reason: Reason): Refusal<I> {
  return { flaw, change, reason };
}

/** An incarnation that no run has. */
export const NO_INCARNATION = '01980000-0000-7000-8000-00000000dead';
/** A run that nobody started. */
export const NO_RUN = { runId: 'none' } as const;

/** Reads know neither a run that nobody started nor an incarnation that no run has. */
export function unknownToReads(): readonly Refusal<{ readonly runId?: string; readonly incarnation?: string }>[] {
  return [
    refused('a run that nobody started', NO_RUN, 'RUN_NOT_FOUND'),
    refused('an incarnation that no run has', { incarnation: NO_INCARNATION }, 'RUN_NOT_FOUND'),
  ];
}

/** Changes know no run that nobody started, and are refused for another incarnation than the newest. */
export function unknownToChanges({
  client,
}: World): readonly Refusal<{ readonly runId?: string; readonly incarnation?: string }>[] {
  return [
    refused('a run that nobody started', NO_RUN, 'RUN_NOT_FOUND'),
    refused('an incarnation that no run has', { incarnation: NO_INCARNATION }, 'LEASE_LOST'),
    refused('an incarnation that was replaced', { incarnation: client.replaced }, 'LEASE_LOST'),
  ];
}

/** Lists know no page that they did not name. */
export const BAD_PAGE: readonly Refusal<{ readonly pageToken?: string }>[] = [
  refused('a page token that nobody was given', { pageToken: 'made-up' }, 'PAGE_TOKEN_INVALID'),
];
