import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Dispatch } from '#libs/partition/dispatch/dispatch.ts';
import type { DefinitionKey, DefinitionTable } from '#libs/store/tables/definitions.ts';
import type { Access } from './access.ts';
import { quotaExceeded } from './start-rates.ts';

interface WithAccess {
  readonly access: Pick<Access, 'tenants' | 'startRates'>;
}

const COUNTED_PER_PAGE = 1_000;

/**
 * Refuses what a tenant that is not active does not allow: to start runs, to take work, to claim.
 *
 * @throws TENANT_SUSPENDED, TENANT_ARCHIVED.
 */
export function assertActive({ access }: WithAccess, tenantId: string): void {
  const { status } = access.tenants.peek(tenantId);
  if (status === TenantStatus.SUSPENDED) {
    throw new DomainError('TENANT_SUSPENDED', 'the tenant is suspended: nothing starts and nothing is dispatched');
  }
  if (status === TenantStatus.ARCHIVED) {
    throw new DomainError('TENANT_ARCHIVED', 'the tenant is archived: nothing of it can be changed');
  }
}

/**
 * Refuses a start that the tenant does not allow now, and counts one that it does. Each node counts those of the runs that
 * it owns.
 *
 * @throws TENANT_SUSPENDED, TENANT_ARCHIVED, QUOTA_EXCEEDED.
 */
export function assertStartAllowed(context: WithAccess, tenantId: string): void {
  assertActive(context, tenantId);
  const { access } = context;
  const { limits } = access.tenants.peek(tenantId);
  if (limits?.maxStartsPerSecond !== undefined) {
    access.startRates.count(tenantId, Number(limits.maxStartsPerSecond));
  }
}

/**
 * Refuses one worker more than a tenant may have connected, as far as this node sees them.
 *
 * @throws QUOTA_EXCEEDED.
 */
export function assertWorkerRoom(
  { access, node }: WithAccess & { readonly node: { readonly dispatch: Pick<Dispatch, 'sessions'> } },
  tenantId: string,
  workerId: string,
): void {
  const maximum = access.tenants.peek(tenantId).limits?.maxWorkers;
  if (maximum === undefined) return;
  const connected = new Set<string>();
  for (const session of node.dispatch.sessions()) {
    if (session.tenantId === tenantId && session.link !== undefined) connected.add(session.workerId);
  }
  if (!connected.has(workerId) && BigInt(connected.size) >= maximum) throw quotaExceeded('max_workers', maximum);
}

/**
 * Refuses a definition that would be one more than a tenant may have. What is stored already is never refused.
 *
 * @throws QUOTA_EXCEEDED.
 */
export async function assertDefinitionRoom(
  {
    access,
    store,
  }: WithAccess & {
    readonly store: { readonly tables: { readonly definitions: Pick<DefinitionTable, 'read' | 'list'> } };
  },
  key: DefinitionKey,
): Promise<void> {
  const { tenantId, workflow, version } = key;
  const maximum = access.tenants.peek(tenantId).limits?.maxDefinitions;
  if (maximum === undefined) return;
  const { definitions } = store.tables;
  if ((await definitions.read({ tenantId, workflow, version })) !== undefined) return;
  let stored = 0n;
  let next: string | undefined;
  do {
    const page = await definitions.list(
      tenantId,
      {},
      { limit: COUNTED_PER_PAGE, ...(next === undefined ? {} : { token: next }) },
    );
    stored += BigInt(page.rows.length);
    if (stored >= maximum) throw quotaExceeded('max_definitions', maximum);
    next = page.nextToken;
  } while (next !== undefined);
}

/**
 * Keeps bytes of a payload within what the tenant and this service allow: `keep` is told how many those are.
 *
 * @throws QUOTA_EXCEEDED where the tenant's limit is the lower one, and what `keep` throws.
 */
export async function withinPayloadLimit<T>(
  { access, maxPayloadBytes }: WithAccess & { readonly maxPayloadBytes: number },
  tenantId: string,
  keep: (maxBytes: number) => Promise<T>,
): Promise<T> {
  const maximum = access.tenants.peek(tenantId).limits?.maxPayloadBytes;
  if (maximum === undefined || maximum >= maxPayloadBytes) return await keep(maxPayloadBytes);
  try {
    return await keep(Number(maximum));
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'PAYLOAD_TOO_LARGE') {
      throw quotaExceeded('max_payload_bytes', maximum);
    }
    throw error;
  }
}
