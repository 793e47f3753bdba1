import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { serviceEnv } from '#test/env.ts';
import { type Ran, run } from '#test/run.ts';

const TREE = resolve(import.meta.dirname, '../../..');
const PACK_TIMEOUT_MS = 60_000;
const INSTALL_TIMEOUT_MS = 120_000;

/** Makes the package and installs it, with what it depends on and nothing else, into an empty folder. */
export async function installPackage(folder: string): Promise<void> {
  const made = await run(process.execPath, [join(TREE, 'package/main.ts'), folder], { timeoutMs: PACK_TIMEOUT_MS });
  const tarball = succeeded('npm run package', made).trim();
  await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}');
  // By its prefix, because npm hands that of the tests on to every npm below it.
  const install = ['install', '--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund', '--silent', tarball];
  succeeded('npm install', await run('npm', install, { cwd: folder, timeoutMs: INSTALL_TIMEOUT_MS }));
}

/** The environment for programs that find this Node first. */
export function envWith(node: string): Record<string, string> {
  return serviceEnv({ PATH: [dirname(node), process.env['PATH'] ?? ''].join(delimiter) });
}

function succeeded(what: string, { code, stdout, stderr }: Ran): string {
  if (code !== 0) throw new TypeError(`${what} fails with ${code}: ${stdout}${stderr}`);
  return stdout;
}
