import type { MessageInitShape } from '@bufbuild/protobuf';
import type { TenantLimits, TenantLimitsSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { integer } from '#libs/config/number-types.ts';
import { text } from '#libs/config/text-types.ts';
import type { CommandArgument, CommandOption } from '../command.ts';

/** The tenant that a command is about. */
export const TENANT_ARGUMENT: { readonly tenant: CommandArgument<string> & { readonly isRequired: true } } = {
  tenant: { type: text(), doc: "the tenant's id", isRequired: true },
};

type LimitOptions = Readonly<Record<LimitName, CommandOption<number>>>;
type LimitName = 'maxStartsPerSecond' | 'maxPayloadBytes' | 'maxDefinitions' | 'maxTokens' | 'maxWorkers';

const COUNT = integer({ min: 0, max: 999_999_999_999_999 });

/** The limits of a tenant that a release holds. */
export const LIMIT_OPTIONS: LimitOptions = {
  maxStartsPerSecond: { type: COUNT, doc: 'starts in a second, on each node' },
  maxPayloadBytes: { type: integer({ min: 65_536, max: 1_073_741_824 }), doc: 'bytes of one payload' },
  maxDefinitions: { type: COUNT, doc: 'stored definitions' },
  maxTokens: { type: COUNT, doc: 'valid tokens' },
  maxWorkers: { type: COUNT, doc: 'connected workers' },
};

/** Which field of a message each limit is. */
export const LIMIT_FIELDS: Readonly<Record<LimitName, string>> = {
  maxStartsPerSecond: 'max_starts_per_second',
  maxPayloadBytes: 'max_payload_bytes',
  maxDefinitions: 'max_definitions',
  maxTokens: 'max_tokens',
  maxWorkers: 'max_workers',
};

/** The limits that were given. */
export function givenLimits(
  values: Readonly<Record<LimitName, number | undefined>>,
): Exclude<MessageInitShape<typeof TenantLimitsSchema>, TenantLimits> {
  const given = limitNames().filter((name) => values[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, BigInt(values[name] ?? 0)]));
}

/** The names of the limits. */
export function limitNames(): readonly LimitName[] {
  return Object.keys(LIMIT_FIELDS) as LimitName[];
}
