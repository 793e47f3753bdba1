import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { TenantSchema, TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { TenantRow } from '#libs/store/tables/tenants.ts';
import { createTenantDirectory, type TenantDirectory } from './tenant-directory.ts';
import { rowFromTenant, type TenantRecord } from './tenant-record.ts';

const { ACTIVE, SUSPENDED, ARCHIVED } = TenantStatus;
const READ = { path: '/millrace.state.v1.RunService/GetRun', isRead: true };
const CHANGE = { path: '/millrace.state.v1.RunService/StartRun', isRead: false };

interface World {
  readonly directory: TenantDirectory;
  readonly rows: Map<string, TenantRow>;
  /** Whose rows were read. */
  readonly read: string[];
  /** What listeners heard. */
  readonly heard: string[];
  nowMs: number;
  fault: Error | undefined;
}

function recordOf(tenantId: string, status: TenantStatus): TenantRecord {
  return { tenant: create(TenantSchema, { tenantId, status }), revision: 1, requests: [] };
}

function createWorld(isStrict: boolean): World {
  const rows = new Map<string, TenantRow>();
  const read: string[] = [];
  const heard: string[] = [];
  const world = { rows, read, heard, nowMs: 1_000_000, fault: undefined as Error | undefined };
  const directory = createTenantDirectory({
    tenants: {
      read: async (tenantId) => {
        read.push(tenantId);
        if (world.fault !== undefined) throw world.fault;
        return rows.get(tenantId);
      },
    },
    isStrict,
    monotonicMs: () => world.nowMs,
  });
  directory.onRead((tenantId, { status }) => heard.push(`${tenantId} ${status}`));
  return Object.assign(world, { directory });
}

function put({ rows }: World, tenantId: string, status: TenantStatus): void {
  rows.set(tenantId, rowFromTenant(recordOf(tenantId, status), 0));
}

test('a tenant is looked up once, and then let in at once', async () => {
  const world = createWorld(true);
  put(world, 'acme', ACTIVE);
  const first = world.directory.admit({ tenantId: 'acme', ...CHANGE });
  expect(first).toBeInstanceOf(Promise);
  await first;
  expect(world.directory.admit({ tenantId: 'acme', ...CHANGE })).toBeUndefined();
  expect([world.read, world.heard]).toEqual([['acme'], [`acme ${ACTIVE}`]]);
});

test('a tenant that nobody made is not there, but `default` is, and without tokens every one is', async () => {
  const strict = createWorld(true).directory;
  await expect(strict.admit({ tenantId: 'acme', ...READ })).rejects.toMatchObject({ reason: 'TENANT_NOT_FOUND' });
  await strict.admit({ tenantId: 'default', ...CHANGE });
  await createWorld(false).directory.admit({ tenantId: 'acme', ...CHANGE });
});

test('one that is made a moment later is there at once', async () => {
  const world = createWorld(true);
  const admit = async (): Promise<void> => await world.directory.admit({ tenantId: 'acme', ...READ });
  await expect(admit()).rejects.toMatchObject({ reason: 'TENANT_NOT_FOUND' });
  put(world, 'acme', ACTIVE);
  await admit();
});

test('an archived tenant is read, and changed by nothing but what manages it', async () => {
  const world = createWorld(true);
  put(world, 'acme', ARCHIVED);
  const { directory } = world;
  await directory.admit({ tenantId: 'acme', ...READ });
  expect(() => directory.admit({ tenantId: 'acme', ...CHANGE })).toThrow(
    expect.objectContaining({ reason: 'TENANT_ARCHIVED' }),
  );
  for (const path of ['TenantService/UpdateTenant', 'TokenService/RevokeToken']) {
    await directory.admit({ tenantId: 'acme', path: `/millrace.state.v1.${path}`, isRead: false });
  }
});

test('[71] what another node did to a tenant is heard within 4 s, though it is called all the time', async () => {
  const world = createWorld(true);
  put(world, 'acme', ACTIVE);
  await world.directory.admit({ tenantId: 'acme', ...READ });
  put(world, 'acme', SUSPENDED);
  const sinceMs = world.nowMs;
  while (world.directory.peek('acme').status === ACTIVE) {
    world.nowMs += 100;
    await world.directory.admit({ tenantId: 'acme', ...READ });
    await Promise.resolve();
  }
  expect(world.nowMs - sinceMs).toBeLessThanOrEqual(4_000);
  expect(world.heard).toEqual([`acme ${ACTIVE}`, `acme ${SUSPENDED}`]);
});

test('what is done here counts at once, whatever a read that began before still answers', async () => {
  const world = createWorld(true);
  put(world, 'acme', ACTIVE);
  const reading = world.directory.read('acme');
  world.nowMs += 1;
  world.directory.note(recordOf('acme', SUSPENDED));
  await reading;
  expect(world.directory.peek('acme').status).toBe(SUSPENDED);
});

test('while rows cannot be read, what is known counts for 4 s', async () => {
  const world = createWorld(true);
  put(world, 'acme', ACTIVE);
  await world.directory.admit({ tenantId: 'acme', ...READ });
  world.fault = new DomainError('UNAVAILABLE', 'away');
  world.nowMs += 3_999;
  expect(world.directory.admit({ tenantId: 'acme', ...READ })).toBeUndefined();
  world.nowMs += 1;
  await expect(world.directory.admit({ tenantId: 'acme', ...READ })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
});

test('of a tenant that nobody asked for nothing is read', () => {
  const world = createWorld(true);
  expect(world.directory.peek('acme')).toMatchObject({ status: ACTIVE, limits: undefined });
  expect(world.read).toEqual([]);
});
