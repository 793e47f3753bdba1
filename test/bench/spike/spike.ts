import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseSpikeOutput, type SpikePoint } from './parse-spike-output.ts';

const run = promisify(execFile);

/** Where the spike lies unless `MILLRACE_SPIKE` says otherwise: beside the checkout. */
const DEFAULT_FOLDER = fileURLToPath(new URL('../../../../shared/spike', import.meta.url));
const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
/** What it needs, in the versions that Millrace runs with, so that both are measured on the same libraries. */
const PACKAGES = ['mongodb', '@grpc/grpc-js', '@bufbuild/protobuf', '@bufbuild/protoc-gen-es'];
const INSTALL_TIMEOUT_MS = 180_000;
/** Four loads of five seconds each, the start, and time for the last runs to end. */
const MEASURE_TIMEOUT_MS = 120_000;
/** Its client does not wait until its worker is there: on a busy machine it may have to begin again. */
const MEASURE_ATTEMPTS = 3;

/** The bare design without engine, recovery or tables: the ceiling that Millrace is held against. */
export interface Spike extends Disposable {
  /** Measures runs of so many steps at 1, 16, 64 and 256 at a time; in MongoDB when a URI is given, else in SQLite. */
  measure(steps: number, mongoUri?: string): Promise<readonly SpikePoint[]>;
}

/**
 * Copies the spike into a temporary folder and installs it there.
 *
 * @returns undefined when there is none: what is held against it is then not measured.
 */
export async function maybeSpike(
  source: string = process.env['MILLRACE_SPIKE'] ?? DEFAULT_FOLDER,
): Promise<Spike | undefined> {
  if (!existsSync(join(source, 'client.mjs'))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'millrace-spike-'));
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    cpSync(source, folder, { recursive: true });
    const options = { cwd: folder, timeout: INSTALL_TIMEOUT_MS };
    await run('npm', ['init', '-y'], options);
    await run('npm', ['pkg', 'set', 'type=module'], options);
    await run('npm', ['install', '--no-audit', '--no-fund', ...PACKAGES.map(pinned)], options);
    await run(join(PROJECT, 'node_modules/.bin/buf'), ['generate'], options);
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    measure: async (steps, mongoUri) => {
      const env = mongoUri === undefined ? {} : { STATE: './state-mongo.mjs', MONGODB_URI: mongoUri };
      for (let attempt = 1; ; attempt += 1) {
        try {
          const { stdout } = await run(process.execPath, ['client.mjs', String(steps)], {
            cwd: folder,
            env: { ...process.env, ...env },
            timeout: MEASURE_TIMEOUT_MS,
          });
          return parseSpikeOutput(stdout);
        } catch (error) {
          if (attempt >= MEASURE_ATTEMPTS) throw error;
        }
      }
    },
    [Symbol.dispose]: dispose,
  };
}

/** The package with the version that stands in Millrace's own package.json. */
function pinned(name: string): string {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string> | undefined
  >;
  const version = dependencies?.[name] ?? devDependencies?.[name];
  return version === undefined ? name : `${name}@${version}`;
}
