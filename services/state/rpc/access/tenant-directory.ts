import { type TenantLimits, type TenantPolicy, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { DEFAULT_TENANT_ID } from '#libs/auth/tenant.ts';
import type { TenantGate } from '#libs/auth/tenant-gate.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { TenantTable } from '#libs/store/tables/tenants.ts';
import { type TenantRecord, tenantFromRow } from './tenant-record.ts';

/** What calls go by of their tenant. */
export interface TenantFacts {
  readonly status: TenantStatus;
  /** Absent: none of its own. */
  readonly limits: TenantLimits | undefined;
  /** Absent: the defaults. */
  readonly policy: TenantPolicy | undefined;
}

/** The tenants as this process knows them: at most 4 s old. */
export interface TenantDirectory extends TenantGate {
  /** What was last read of a tenant, without a look; one that nobody has asked for is active and has no limits. */
  peek(tenantId: string): TenantFacts;
  /** Reads a tenant. Undefined: there is none. */
  read(tenantId: string): Promise<TenantFacts | undefined>;
  /** A tenant was made or changed here. */
  note(record: TenantRecord): void;
  /** Hears what was read of a tenant whenever that is new. */
  onRead(listener: (tenantId: string, facts: TenantFacts) => void): void;
}

/** What the tenants are read from and how strictly. */
export interface TenantDirectoryOptions {
  readonly tenants: Pick<TenantTable, 'read'>;
  /** Whether a tenant that nobody made is TENANT_NOT_FOUND. Without tokens any name is one. */
  readonly isStrict: boolean;
  /** Milliseconds that only go forward. */
  readonly monotonicMs: () => number;
}

/** With the second after which streams are looked at again, everybody knows within 5 s. */
const KNOWN_MS = 4_000;
const REFRESH_MS = 2_000;
const MAX_KNOWN = 10_000;

const NOTHING_SAID: TenantFacts = { status: TenantStatus.ACTIVE, limits: undefined, policy: undefined };
/** Tenants are made, changed and brought back whatever their state; who is locked out stays so. */
const ALWAYS_SERVED = ['/millrace.state.v1.TenantService/', '/millrace.state.v1.TokenService/RevokeToken'];

interface Known {
  /** Undefined: there is no such tenant. */
  readonly facts: TenantFacts | undefined;
  readonly readMs: number;
  isRefreshing: boolean;
}

/** Makes the directory of a table of tenants. */
export function createTenantDirectory({ tenants, isStrict, monotonicMs }: TenantDirectoryOptions): TenantDirectory {
  const known = new Map<string, Known>();
  const reads = new Map<string, Promise<TenantFacts | undefined>>();
  const listeners: ((tenantId: string, facts: TenantFacts) => void)[] = [];

  function remember(tenantId: string, facts: TenantFacts | undefined, readMs: number): void {
    const before = known.get(tenantId);
    if (before !== undefined && before.readMs > readMs) return;
    known.delete(tenantId);
    known.set(tenantId, { facts, readMs, isRefreshing: false });
    if (before?.facts?.status !== (facts ?? NOTHING_SAID).status) {
      for (const listener of listeners) listener(tenantId, facts ?? NOTHING_SAID);
    }
    if (known.size <= MAX_KNOWN) return;
    for (const oldest of known.keys()) {
      known.delete(oldest);
      return;
    }
  }

  async function readNow(tenantId: string): Promise<TenantFacts | undefined> {
    const askedMs = monotonicMs();
    const row = await tenants.read(tenantId);
    const isThere = row !== undefined || tenantId === DEFAULT_TENANT_ID;
    const facts = row === undefined ? (isThere ? NOTHING_SAID : undefined) : factsOf(tenantFromRow(row));
    remember(tenantId, facts, askedMs);
    return facts;
  }

  function read(tenantId: string): Promise<TenantFacts | undefined> {
    const running = reads.get(tenantId);
    if (running !== undefined) return running;
    const reading = readNow(tenantId).finally(() => reads.delete(tenantId));
    reads.set(tenantId, reading);
    return reading;
  }

  function refresh(tenantId: string, found: Known): void {
    found.isRefreshing = true;
    read(tenantId).catch(() => {
      found.isRefreshing = false;
    });
  }

  function judge(facts: TenantFacts | undefined, isRead: boolean): void {
    if (facts === undefined) {
      if (isStrict) throw new DomainError('TENANT_NOT_FOUND', 'there is no such tenant');
    } else if (facts.status === TenantStatus.ARCHIVED && !isRead) {
      throw new DomainError('TENANT_ARCHIVED', 'the tenant is archived: nothing of it can be changed');
    }
  }

  return {
    admit({ tenantId, path, isRead }) {
      if (ALWAYS_SERVED.some((served) => path.startsWith(served))) return undefined;
      const found = known.get(tenantId);
      const ageMs = found === undefined ? KNOWN_MS : monotonicMs() - found.readMs;
      // That there is none is not believed for long: it may be made at this moment.
      if (found === undefined || ageMs >= KNOWN_MS || (isStrict && found.facts === undefined)) {
        return read(tenantId).then((facts) => judge(facts, isRead));
      }
      if (ageMs > REFRESH_MS && !found.isRefreshing) refresh(tenantId, found);
      judge(found.facts, isRead);
      return undefined;
    },
    peek: (tenantId) => known.get(tenantId)?.facts ?? NOTHING_SAID,
    read,
    note: (record) => remember(record.tenant.tenantId, factsOf(record), monotonicMs()),
    onRead: (listener) => void listeners.push(listener),
  };
}

function factsOf({ tenant: { status, limits, policy } }: TenantRecord): TenantFacts {
  return { status, limits, policy };
}
