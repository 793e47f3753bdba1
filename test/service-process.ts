import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceEnv } from './env.ts';

/** The programs that tests start. */
export type ProgramName = 'dev' | 'registry' | 'state' | 'worker';

/** How a program is started. */
export interface SpawnOptions {
  /** The working folder. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** How a program ended. */
export interface Ended {
  /** Undefined: it was killed by a signal. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that is ready. */
export interface ServiceProcess extends AsyncDisposable {
  readonly pid: number;
  /** `http://host:port` of each service in the process. */
  readonly http: Readonly<Record<string, string>>;
  /** `host:port` of each service in the process. */
  readonly grpc: Readonly<Record<string, string>>;
  readonly stdout: () => string;
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
}

/** A folder that is removed at the end of a test. */
export function createTestFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'millrace-service-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Settings that put every door of every service on a free port. */
export const FREE_PORTS: Readonly<Record<string, string>> = Object.fromEntries(
  ['STATE', 'REGISTRY', 'WORKER'].flatMap((service) =>
    ['GRPC', 'HTTP'].map((door) => [`MILLRACE_${service}_${door}_LISTEN`, '127.0.0.1:0']),
  ),
);

/** Runs a program that is expected to end by itself. */
export async function runToEnd(program: ProgramName, options: SpawnOptions): Promise<Ended> {
  return spawnProgram(program, options).ended;
}

/** Starts a program and waits until it says that it is ready. */
export async function startProgram(program: ProgramName, options: SpawnOptions): Promise<ServiceProcess> {
  const { child, stdout, ended } = spawnProgram(program, { ...options, env: { ...FREE_PORTS, ...options.env } });
  const ready = (async () => {
    while (maybeAddresses(program, stdout()) === undefined) {
      await once(child.stdout as NodeJS.ReadableStream, 'data');
    }
  })();
  const early = await Promise.race([ready, ended]);
  const addresses = maybeAddresses(program, stdout());
  if (addresses === undefined) {
    throw new TypeError(`the program ended before it was ready: ${JSON.stringify(early)}`);
  }
  return {
    pid: child.pid as number,
    http: Object.fromEntries(Object.entries(addresses).map(([name, { http }]) => [name, `http://${http}`])),
    grpc: Object.fromEntries(Object.entries(addresses).map(([name, { grpc }]) => [name, grpc])),
    stdout,
    ended,
    signal: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function spawnProgram(
  program: ProgramName,
  { folder, env = {}, args = [] }: SpawnOptions,
): { child: ChildProcess; stdout: () => string; ended: Promise<Ended> } {
  const main = fileURLToPath(new URL(`../services/${program}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: serviceEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const ended = once(child, 'close').then(([code]) => ({ code: code ?? undefined, stdout, stderr }));
  return { child, stdout: () => stdout, ended };
}

interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

function maybeAddresses(program: ProgramName, stdout: string): Record<string, Addresses> | undefined {
  if (program !== 'dev') {
    const line = stdout.split('\n').find((one) => one.includes('"msg":"ready"'));
    return line === undefined ? undefined : { [program]: JSON.parse(line) as Addresses };
  }
  const rows = [...stdout.matchAll(/^ {2}(\w+) +gRPC (\S+) +HTTP http:\/\/(\S+)$/gm)];
  const found = rows.map(([, name, grpc, http]) => [name, { grpc, http }] as [string, Addresses]);
  return stdout.includes('Ctrl-C') ? Object.fromEntries(found) : undefined;
}
