import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Role } from '#gen/millrace/common/v1/options_pb.ts';
import { SystemService } from '#gen/millrace/common/v1/system_service_pb.ts';
import { PackageService } from '#gen/millrace/registry/v1/package_service_pb.ts';
import { TenantStatus } from '#gen/millrace/state/v1/tenant_pb.ts';
import { TenantService } from '#gen/millrace/state/v1/tenant_service_pb.ts';
import { TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createTestFolder, runToEnd, startProgram } from '#test/service-process.ts';

const ROOT_SECRET = `root_${'0123456789'.repeat(4)}`;
const WRONG = `mlr_${'A'.repeat(43)}`;
/** What every service has heard by then. */
const HEARD_MS = 5_000;

/** What a call to a service comes to. */
async function outcome(address: string, token?: string): Promise<string> {
  await using channel = createChannel({ address, ...(token === undefined ? {} : { token }) });
  return await createClient(SystemService, channel, { retry: { maxAttempts: 1 } })
    .getInfo({})
    .then(
      () => 'served',
      (error: { reason: string }) => error.reason,
    );
}

test('[70] state, registry and worker service know the same tokens, and refuse a revoked one within 5 s', {
  timeout: 120_000,
}, async () => {
  using folder = createTestFolder();
  const common = { MILLRACE_ROOT_TOKEN: ROOT_SECRET };
  await using state = await startProgram('state', {
    folder: folder.path,
    env: { ...common, MILLRACE_STORE: `sqlite:${join(folder.path, 'state')}` },
  });
  const stateAddress = state.grpc['state'] ?? '';
  await using asRoot = createChannel({ address: stateAddress, token: ROOT_SECRET });
  const tenants = createClient(TenantService, asRoot);
  const tokens = createClient(TokenService, asRoot);
  await tenants.createTenant({ tenantId: 'acme' });
  const made = async (role: Role): Promise<{ secret: string; tokenId: string }> => {
    const { secret, token } = await tokens.createToken({ tenantId: 'acme', role, name: 'x' });
    return { secret, tokenId: token?.tokenId ?? '' };
  };
  const [viewer, own] = [await made(Role.VIEWER), await made(Role.WORKER)];
  await using registry = await startProgram('registry', {
    folder: folder.path,
    env: {
      ...common,
      MILLRACE_STATE_ADDRESS: stateAddress,
      MILLRACE_STORE: `sqlite:${join(folder.path, 'registry')}`,
    },
  });
  // A service of one tenant needs no root token.
  await using worker = await startProgram('worker', {
    folder: folder.path,
    env: { MILLRACE_TOKEN: own.secret, MILLRACE_STATE_ADDRESS: stateAddress },
  });
  const [registryAddress, workerAddress] = [registry.grpc['registry'] ?? '', worker.grpc['worker'] ?? ''];
  const addresses = [stateAddress, registryAddress, workerAddress];
  for (const address of addresses) {
    expect(await outcome(address, viewer.secret)).toBe('served');
    expect(await outcome(address, WRONG)).toBe('UNAUTHENTICATED');
    expect(await outcome(address)).toBe('UNAUTHENTICATED');
  }
  expect(await outcome(registryAddress, ROOT_SECRET)).toBe('served');
  // It cannot ask about root, and so nobody proves to be it.
  expect(await outcome(workerAddress, ROOT_SECRET)).toBe('UNAUTHENTICATED');

  await using asViewer = createChannel({ address: registryAddress, token: viewer.secret });
  await using rootAtRegistry = createChannel({ address: registryAddress, token: ROOT_SECRET });
  const listAt = async (channel: typeof asViewer, tenantId: string): Promise<string> =>
    await createClient(PackageService, channel)
      .listPackages({ tenantId })
      .then(
        () => 'served',
        (error: { reason: string }) => error.reason,
      );
  expect(await listAt(asViewer, 'acme')).not.toMatch(/TENANT|ROLE|UNAUTH/);
  expect(await listAt(asViewer, 'globex')).toBe('TENANT_DENIED');
  expect(await listAt(rootAtRegistry, 'globex')).toBe('TENANT_NOT_FOUND');
  expect(await listAt(rootAtRegistry, 'acme')).not.toMatch(/TENANT|ROLE|UNAUTH/);
  await tenants.updateTenant({
    tenantId: 'acme',
    tenant: { status: TenantStatus.SUSPENDED },
    updateMask: { paths: ['status'] },
  });
  expect(await listAt(asViewer, '')).not.toMatch(/TENANT|ROLE|UNAUTH/);

  const revokedMs = Date.now();
  await tokens.revokeToken({ tenantId: 'acme', tokenId: viewer.tokenId });
  for (const address of addresses) {
    await expect.poll(() => outcome(address, viewer.secret), { timeout: HEARD_MS }).toBe('UNAUTHENTICATED');
  }
  expect(Date.now() - revokedMs).toBeLessThan(HEARD_MS);
  for (const { stdout } of [state, registry, worker]) {
    for (const secret of [ROOT_SECRET, viewer.secret, own.secret]) expect(stdout()).not.toContain(secret);
  }
});

test('the three services in one process want the root token too', { timeout: 60_000 }, async () => {
  using folder = createTestFolder();
  await using dev = await startProgram('dev', { folder: folder.path, env: { MILLRACE_ROOT_TOKEN: ROOT_SECRET } });
  for (const service of ['state', 'registry', 'worker']) {
    const address = dev.grpc[service] ?? '';
    expect(await outcome(address)).toBe('UNAUTHENTICATED');
    expect(await outcome(address, ROOT_SECRET)).toBe('served');
  }
  expect(dev.stdout()).not.toContain(ROOT_SECRET);
});

test('a root token that could be guessed is refused, and not shown', async () => {
  using folder = createTestFolder();
  const ended = await runToEnd('state', { folder: folder.path, env: { MILLRACE_ROOT_TOKEN: 'hunter2' } });
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('MILLRACE_ROOT_TOKEN: must be a secret of 32 to 512 visible characters');
  expect(ended.stderr).not.toContain('hunter2');
});
