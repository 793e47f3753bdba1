import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run, withProgress } from '#test/run.ts';
import { serversDir } from '#test/servers/dir.ts';

/** Enough for a first installation over a slow line. */
const commandTimeoutMs = 900_000;
/** What of a failed command's output its error shows. */
const tailLines = 40;
/** What `run` answers for a command that a signal has ended. */
const killedCode = 128;

/** The options of `runWell`. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command and answers its stdout. `what` says what it does, in lower case; it is shown on stderr when the command
 * takes over a second.
 *
 * @throws when it cannot start, ends with another code than 0 or takes longer than 15 minutes;
 *   the message ends with the tail of its output.
 */
export async function runWell(
  what: string,
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const env = { ...process.env, ...options.env };
  const ran = run(command, args, { ...options, env, timeoutMs: commandTimeoutMs });
  const { code, stdout, stderr } = await withProgress(`stubs: ${what}`, ran);
  if (code === 0) return stdout;
  const how =
    code === killedCode ? `is killed, perhaps by the time-out of ${commandTimeoutMs} ms` : `ends with code ${code}`;
  const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-tailLines).join('\n');
  throw new Error(`${what}: ${basename(command)} ${how}:\n${tail}`);
}

/** The first line that a command prints on stdout or stderr; undefined when it cannot start or fails. */
export async function maybeFirstLine(command: string, args: readonly string[]): Promise<string | undefined> {
  const ran = await run(command, args).catch(() => undefined);
  return ran?.code === 0 ? `${ran.stdout}\n${ran.stderr}`.trim().split('\n')[0] : undefined;
}

/** The folder of installed tools, which later runs find again. It exists. */
export async function toolsFolder(): Promise<string> {
  const folder = join(serversDir(), 'tools');
  await mkdir(folder, { recursive: true });
  return folder;
}

/**
 * A folder of tools, installed the first time it is asked for. The name carries the versions. `install` fills another
 * folder, which is then renamed, so that neither a cut-off nor a simultaneous installation is ever taken for a whole one.
 */
export async function installOnce(name: string, install: (folder: string) => Promise<void>): Promise<string> {
  const tools = await toolsFolder();
  const folder = join(tools, name);
  if (await isFolder(folder)) return folder;
  const partial = await mkdtemp(`${folder}.`);
  try {
    await install(partial);
    await rename(partial, folder).catch(async (error: unknown) => {
      // Another run was faster; what it has installed is the same.
      if (!(await isFolder(folder))) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
