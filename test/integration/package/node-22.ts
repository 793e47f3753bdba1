import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Found } from '#test/gate.ts';
import { run, withProgress } from '#test/run.ts';
import { serversDir } from '#test/servers/dir.ts';

const VERSION = '22.23.3';
const INSTALL_TIMEOUT_MS = 300_000;

/** Finds the oldest Node that the package is for, or installs it, once, into the folder of the test servers. */
export async function findNode22(): Promise<Found> {
  const folder = join(serversDir(), 'tools', `node-${VERSION}`);
  const node = join(folder, 'node_modules/node/bin/node');
  if (await isThere(node)) return { at: node };
  const partial = `${folder}.${process.pid}`;
  try {
    await mkdir(partial, { recursive: true });
    await writeFile(join(partial, 'package.json'), '{"private": true, "allowScripts": {"node": true}}');
    const install = ['install', '--prefix', partial, '--prefer-offline', '--silent', `node@${VERSION}`];
    const { code, stderr } = await withProgress(
      `tests: installing Node ${VERSION} (once)`,
      run('npm', install, { cwd: partial, timeoutMs: INSTALL_TIMEOUT_MS }),
    );
    if (code !== 0) return missing(`npm install fails with ${code}: ${stderr.trim().split('\n').at(-1)}`);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } catch (error) {
    return missing(String(error));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return (await isThere(node)) ? { at: node } : missing('its package has no program for this machine');
}

function missing(why: string): Found {
  return { missing: `no Node 22 (${why}): give npm a registry that has node@${VERSION}` };
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
