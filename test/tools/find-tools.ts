import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Found } from '../gate.ts';
import { type Ran, run, withProgress } from '../run.ts';
import { serversDir } from '../servers/dir.ts';
import { onPath } from '../servers/on-path.ts';

/** The programs of other languages that interop tests use, each as the path of its executable. */
export interface Tools {
  /** Python 3 with `grpcio` and `grpcio-tools`. */
  readonly python: Found;
  readonly go: Found;
  readonly grpcurl: Found;
}

const grpcioVersion = '1.85.1';
const grpcurlVersion = 'v1.9.4';
const installTimeoutMs = 600_000;

/** Finds Python and Go on PATH and installs, once, what tests need of them into the folder of the test servers. */
export async function findTools(): Promise<Tools> {
  const [python, go, grpcurl] = await Promise.all([
    found('python', 'put python3 with venv and pip on PATH', findPython),
    found('go', 'put go on PATH', findGo),
    found('grpcurl', 'put go on PATH, which installs it', findGrpcurl),
  ]);
  return { python, go, grpcurl };
}

async function found(tool: string, howTo: string, find: () => Promise<string>): Promise<Found> {
  try {
    return { at: await find() };
  } catch (error) {
    return { missing: `no ${tool} (${error instanceof Error ? error.message : String(error)}): ${howTo}` };
  }
}

async function findGo(): Promise<string> {
  const go = await onPath('go');
  if (go === undefined) throw new Error('go is not on PATH');
  return go;
}

async function findGrpcurl(): Promise<string> {
  const folder = join(serversDir(), 'tools', `grpcurl-${grpcurlVersion}`);
  const file = join(folder, 'grpcurl');
  if (await exists(file)) return file;
  const module = `github.com/fullstorydev/grpcurl/cmd/grpcurl@${grpcurlVersion}`;
  const install = run(await findGo(), ['install', module], {
    env: { ...process.env, GOBIN: folder },
    timeoutMs: installTimeoutMs,
  });
  succeeded('go install', await withProgress('tests: installing grpcurl (once)', install));
  return file;
}

async function findPython(): Promise<string> {
  const system = await onPath('python3');
  if (system === undefined) throw new Error('python3 is not on PATH');
  const asked = await run(system, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const version = succeeded('python3', asked).trim();
  const folder = join(serversDir(), 'tools', `python-${version}-grpcio-${grpcioVersion}`);
  const python = join(folder, 'bin', 'python');
  // An upgrade of the system's Python can break what was installed for the last one, so ask it, not the file system.
  if ((await exists(python)) && (await run(python, ['-c', 'import grpc, grpc_tools.protoc'])).code === 0) return python;
  await withProgress('tests: installing grpcio for python (once)', installGrpcio(system, folder));
  return python;
}

/** Installs beside the folder and renames, so that an interrupted installation is never taken for a whole one. */
async function installGrpcio(system: string, folder: string): Promise<void> {
  const partial = `${folder}.${process.pid}`;
  await mkdir(join(serversDir(), 'tools'), { recursive: true });
  try {
    succeeded('python3 -m venv', await run(system, ['-m', 'venv', partial]));
    const packages = [`grpcio==${grpcioVersion}`, `grpcio-tools==${grpcioVersion}`];
    const pip = ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', ...packages];
    succeeded('pip install', await run(join(partial, 'bin', 'python'), pip, { timeoutMs: installTimeoutMs }));
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function succeeded(what: string, { code, stdout, stderr }: Ran): string {
  if (code === 0) return stdout;
  const lines = `${stdout}\n${stderr}`.trim().split('\n');
  throw new Error(`${what} fails with ${code}: ${lines.at(-1)}`);
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
