import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { testVariable } from '../env.ts';

/** The folder in which servers and tools for tests are installed, once for all clones: `MILLRACE_SERVERS_DIR`. */
export function serversDir(): string {
  return resolve(process.env[testVariable.serversDir] || join(homedir(), '.cache', 'millrace-servers'));
}
