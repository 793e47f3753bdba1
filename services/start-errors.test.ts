import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { createTestFolder, FREE_PORTS, type ProgramName, runToEnd, startProgram } from '#test/service-process.ts';

vi.setConfig({ testTimeout: 30_000 });

/** Starts a program that must refuse, and answers its one line. */
async function refusalOf(
  program: ProgramName,
  folder: string,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(program, { folder, env: { ...FREE_PORTS, ...env }, args });
  expect(code).toBe(2);
  // The log may have said what was opened before; for people there is the one line.
  for (const line of stdout.split('\n').filter((text) => text !== '')) {
    expect(JSON.parse(line)).toMatchObject({ level: 'info', msg: 'store opened' });
  }
  expect(stderr).toMatch(/^[^\n]+\n$/);
  return stderr;
}

describe.each(['dev', 'state'] as const)('%s', (program) => {
  test('a port in use is named with the variable that chooses another', async () => {
    using folder = createTestFolder();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    for (const door of ['GRPC', 'HTTP']) {
      const variable = `MILLRACE_STATE_${door}_LISTEN`;
      expect(await refusalOf(program, folder.path, { [variable]: address })).toBe(
        `millrace-${program}: cannot listen on ${address}: the port is in use (${variable} chooses another)\n`,
      );
    }
    other.close();
  });

  test('a file where the data folder should be is named', async () => {
    using folder = createTestFolder();
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    expect(await refusalOf(program, folder.path, { MILLRACE_STORE: `sqlite:${file}` })).toBe(
      `millrace-${program}: the data folder ${file} cannot be made: a file of that name is in the way\n`,
    );
  });

  test('a folder that another process uses is named, with that process', async () => {
    using folder = createTestFolder();
    const store = `sqlite:${join(folder.path, 'data')}`;
    await using first = await startProgram(program, { folder: folder.path, env: { MILLRACE_STORE: store } });
    expect(await refusalOf(program, folder.path, { MILLRACE_STORE: store })).toBe(
      `millrace-${program}: the data folder ${join(folder.path, 'data')} is in use by process ${first.pid}\n`,
    );
  });

  test('every unknown variable and option is named in one line', async () => {
    using folder = createTestFolder();
    const line = await refusalOf(program, folder.path, { MILLRACE_STATE_GRPC_LISTN: 'x' }, '--log-levle=debug');
    expect(line).toBe(
      `millrace-${program}: unknown variable MILLRACE_STATE_GRPC_LISTN: did you mean MILLRACE_STATE_GRPC_LISTEN?; ` +
        'unknown option --log-levle: did you mean --log-level?\n',
    );
  });

  test('a bus that is not built yet is named', async () => {
    using folder = createTestFolder();
    expect(await refusalOf(program, folder.path, { MILLRACE_BUS: 'nats://u:hunter2@bus' })).toBe(
      `millrace-${program}: MILLRACE_BUS: the bus nats: is not built yet, use local\n`,
    );
  });

  test('a server of the MongoDB protocol that does not answer is named without its secrets', async () => {
    using folder = createTestFolder();
    const store = 'mongodb://u:hunter2@127.0.0.1:1/millrace?serverSelectionTimeoutMS=200';
    const line = await refusalOf(program, folder.path, { MILLRACE_STORE: store });
    expect(line).toContain('127.0.0.1:1');
    expect(line).not.toContain('hunter2');
  });
});

test('a file for TLS that is missing or no certificate is named', async () => {
  using folder = createTestFolder();
  const env = { MILLRACE_TLS_CERT_FILE: 'cert.pem', MILLRACE_TLS_KEY_FILE: 'key.pem' };
  expect(await refusalOf('worker', folder.path, env)).toBe(
    'millrace-worker: MILLRACE_TLS_CERT_FILE: cert.pem cannot be read (ENOENT)\n',
  );
  writeFileSync(join(folder.path, 'cert.pem'), 'no certificate');
  writeFileSync(join(folder.path, 'key.pem'), 'no key');
  expect(await refusalOf('worker', folder.path, env)).toMatch(
    /^millrace-worker: MILLRACE_TLS_CERT_FILE and MILLRACE_TLS_KEY_FILE: not usable for TLS: /,
  );
});

test('what Kubernetes injects and what the tests use is left alone', async () => {
  using folder = createTestFolder();
  await using running = await startProgram('worker', {
    folder: folder.path,
    env: {
      MILLRACE_WORKER_SERVICE_HOST: '10.0.0.1',
      MILLRACE_WORKER_SERVICE_PORT_GRPC: '7420',
      MILLRACE_WORKER_PORT: 'tcp://10.0.0.1:7420',
      MILLRACE_WORKER_PORT_7420_TCP_ADDR: '10.0.0.1',
      MILLRACE_REQUIRE_SERVERS: '1',
      MILLRACE_SERVERS_DIR: folder.path,
    },
  });
  running.signal('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

test.each(['dev', 'state', 'registry', 'worker'] as const)('%s shows its help and its version', async (program) => {
  using folder = createTestFolder();
  const help = await runToEnd(program, { folder: folder.path, args: ['--help'] });
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('MILLRACE_GRACE_PERIOD, default 25s\n');
  const version = await runToEnd(program, { folder: folder.path, args: ['--version'] });
  expect(version.stdout).toMatch(new RegExp(`^millrace-${program} \\d+\\.\\d+\\.\\d+\\n$`));
});
