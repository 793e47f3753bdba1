import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestFolder, startProgram } from '#test/service-process.ts';
import { createMillrace, type Json, type Millrace, type Ran } from './millrace-process.ts';

const ROOT_SECRET = `root_${'0123456789'.repeat(4)}`;
const TIMEOUT = { timeout: 60_000 };

const stack = new AsyncDisposableStack();
let address: string;
let folder: string;
let root: Millrace;

beforeAll(async () => {
  folder = stack.use(createTestFolder()).path;
  const state = stack.use(await startProgram('state', { folder, env: { MILLRACE_ROOT_TOKEN: ROOT_SECRET } }));
  address = state.grpc['state'] ?? '';
  root = as(ROOT_SECRET);
}, 60_000);

afterAll(async () => await stack.disposeAsync());

/** The command line with a token. */
function as(token: string): Millrace {
  return createMillrace(address, { env: { MILLRACE_TOKEN: token } });
}

/** The lines of a command that must succeed. */
async function linesOf(ran: Promise<Ran>): Promise<string[]> {
  const { code, stdout, stderr } = await ran;
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return stdout.trimEnd().split('\n');
}

/** A secret of a new token. */
async function newSecret(tenant: string, role: string, name: string): Promise<string> {
  const [secret = ''] = await linesOf(root.run(['token', 'create', name, '--tenant', tenant, '--role', role]));
  expect(secret).toMatch(/^mlr_[\w-]{43}$/);
  return secret;
}

async function first(millrace: Millrace, args: readonly string[]): Promise<Json> {
  const { lines } = await millrace.json(args);
  return lines[0] ?? {};
}

test('a tenant is made, shown, limited, suspended, archived and brought back', TIMEOUT, async () => {
  expect(await root.run(['tenant', 'create', 'acme', '--name', 'Acme', '--max-tokens', '5'])).toEqual({
    code: 0,
    stdout: 'acme is made, and is ACTIVE\n',
    stderr: '',
  });
  expect(await root.run(['tenant', 'create', 'acme'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^millrace: TENANT_EXISTS: /),
  });
  const shown = await linesOf(root.run(['tenant', 'update', 'acme', '--max-workers', '2', '--unset', 'max_tokens']));
  expect(shown).toContain('Limits    max_workers 2');
  for (const [verb, status] of [
    ['suspend', 'SUSPENDED'],
    ['archive', 'ARCHIVED'],
    ['activate', 'ACTIVE'],
  ] as const) {
    expect(await root.run(['tenant', verb, 'acme'])).toEqual({ code: 0, stdout: `acme is ${status}\n`, stderr: '' });
    expect(await first(root, ['tenant', 'get', 'acme'])).toMatchObject({ tenant: { status, name: 'Acme' } });
  }
  const listed = await linesOf(root.run(['tenant', 'list']));
  expect(listed[0]).toMatch(/^TENANT +NAME +STATUS +MADE +LIMITS$/);
  expect(listed.slice(1).map((line) => line.split(/ +/)[0])).toEqual(['acme', 'default']);
  expect(await root.run(['tenant', 'list', '--status', 'archived'])).toEqual({
    code: 0,
    stdout: '',
    stderr: 'no tenants\n',
  });
  expect(await root.run(['tenant', 'update', 'acme'])).toMatchObject({ code: 2 });
  const conflict = await root.run(['tenant', 'update', 'acme', '--name', 'x', '--if-version', '1']);
  expect(conflict).toMatchObject({ code: 1, stderr: expect.stringContaining('VERSION_CONFLICT') });
});

test('a token is made, used, listed, looked at and revoked', TIMEOUT, async () => {
  await root.run(['tenant', 'create', 'globex']);
  const secret = await newSecret('globex', 'admin', 'ada');
  const admin = as(secret);
  const made = await admin.run(['token', 'create', 'ci', '--role', 'viewer', '--ttl', '30d', '--request-id', 'r']);
  expect(made).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^tok_\S+ is the viewer ci of tenant globex\n$/),
  });
  expect(await admin.run(['token', 'create', 'ci', '--role', 'viewer', '--ttl', '30d', '--request-id', 'r'])).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('it was made before, and its secret shown then'),
  });
  const rows = await linesOf(admin.run(['token', 'list']));
  expect(rows).toHaveLength(3);
  expect(rows[1]).toMatch(/^tok_\S+ +ci +viewer +expires in 29 d +(now|\d+ s ago) +-$/);
  expect(rows[2]).toMatch(/^tok_\S+ +ada +admin +valid +/);
  const file = join(folder, 'secret');
  await writeFile(file, made.stdout);
  expect(await linesOf(admin.run(['token', 'validate', file]))).toEqual([
    expect.stringMatching(/^Token +tok_/),
    'Name     ci',
    'Role     viewer',
    'Tenant   globex (ACTIVE)',
    'State    expires in 29 d',
  ]);
  const tokenId = rows[1]?.split(' ')[0] ?? '';
  expect(await admin.run(['token', 'revoke', tokenId, '--reason', 'over'])).toMatchObject({
    code: 0,
    stdout: `revoked ${tokenId} (ci)\n`,
  });
  expect(await admin.run(['token', 'validate', '-'], made.stdout)).toEqual({
    code: 1,
    stdout: 'not valid\n',
    stderr: '',
  });
  expect(await as(made.stdout.trim()).run(['run', 'list'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'millrace: UNAUTHENTICATED: no valid token\n',
  });
  expect(await linesOf(admin.run(['token', 'list', '--invalid']))).toHaveLength(3);
  expect(await admin.run(['token', 'create', 'x', '--role', 'root'])).toMatchObject({ code: 2 });
  expect(await admin.run(['run', 'list', '--tenant', 'acme'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('TENANT_DENIED'),
  });
});

test('a token comes from a file too', TIMEOUT, async () => {
  const file = join(folder, 'root');
  await writeFile(file, `${ROOT_SECRET}\n`);
  const nobody = createMillrace(address);
  expect(await nobody.run(['run', 'list'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('UNAUTHENTICATED'),
  });
  expect(await nobody.run(['run', 'list', '--token-file', file])).toEqual({ code: 0, stdout: '', stderr: 'no runs\n' });
});

test('the audit log is listed and computed again', TIMEOUT, async () => {
  await root.run(['tenant', 'create', 'initech']);
  const admin = as(await newSecret('initech', 'admin', 'peter'));
  const file = join(folder, 'order.json');
  await writeFile(file, '{"workflow": "order", "version": "1", "function": {}}');
  await admin.run(['definition', 'put', file, '--activate']);
  await admin.run(['run', 'start', 'order', '--id', 'o-1']);
  const rows = await linesOf(admin.run(['audit', 'list']));
  expect(rows).toEqual([
    expect.stringMatching(/^NUMBER +TIME +WHO +DID +TO +DETAILS$/),
    expect.stringMatching(/^2 +\S+ +root +CreateToken +token tok_\S+ +name=peter role=admin$/),
    expect.stringMatching(/^1 +\S+ +root +CreateTenant +tenant initech +name=initech status=ACTIVE$/),
  ]);
  await expect
    .poll(() => admin.run(['audit', 'list', '--runs', '--kind', 'run']), { timeout: 10_000, interval: 300 })
    .toMatchObject({ stdout: expect.stringMatching(/\n- +\S+ +peter +StartRun +run o-1 +/) });
  const lastHash = String((await first(admin, ['audit', 'verify']))['lastHash']);
  expect(await linesOf(admin.run(['audit', 'verify', '--hash', lastHash]))).toEqual([
    `2 entries checked, all fit; the last is 2 with hash ${lastHash}`,
  ]);
  expect(await admin.run(['audit', 'verify', '--to', '3'])).toEqual({
    code: 1,
    stdout: 'entry 3 does not fit: it is missing; the 2 entries before it do\n',
    stderr: '',
  });
  expect(await admin.run(['audit', 'verify', '--hash', 'abc'])).toMatchObject({ code: 2 });
});
