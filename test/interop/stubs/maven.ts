import { createHash } from 'node:crypto';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath } from '#test/servers/on-path.ts';
import { installOnce, runWell } from './command.ts';
import { stubsFolder } from './proto-bundle.ts';

/** pom.xml pins protoc, the plugin and the jars. */
const pom: string = join(stubsFolder, 'maven', 'pom.xml');
/** How Maven Central names the machines that it has native programs for, by Node's `platform-arch`. */
const platforms: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x86_64',
  'linux-arm64': 'linux-aarch_64',
  'darwin-x64': 'osx-x86_64',
  'darwin-arm64': 'osx-aarch_64',
};

/** A Maven that can install what pom.xml lists. */
export interface Maven {
  readonly command: string;
  /** As Maven Central names this machine. */
  readonly platform: string;
}

/** What pom.xml lists, installed. */
export interface MavenTools {
  /** A protoc with all of its built-in languages; the one of grpcio-tools has only Python. */
  readonly protoc: string;
  readonly grpcJavaPlugin: string;
  /** The jars, as javac takes them. */
  readonly classPath: string;
}

/** Looks for Maven on PATH. */
export async function findMaven(): Promise<Maven | { readonly missing: string }> {
  const command = await onPath('mvn');
  if (command === undefined) return { missing: 'no mvn: put maven and a JDK on PATH' };
  const machine = `${process.platform}-${process.arch}`;
  const platform = platforms[machine];
  if (platform === undefined) return { missing: `maven central has no protoc for ${machine}: use linux or macos` };
  return { command, platform };
}

/** Installs, once, what pom.xml lists. */
export async function installMavenTools({ command, platform }: Maven): Promise<MavenTools> {
  const hash = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex');
  const tools = await installOnce(`stubs-maven-${platform}-${hash.slice(0, 16)}`, async (folder) => {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
    await runWell('installing jars and plugins for java (once)', command, [
      '-f',
      pom,
      '-q',
      '-B',
      `-Dplatform=${platform}`,
      ...goal,
    ]);
    for (const file of await readdir(folder)) if (file.endsWith('.exe')) await chmod(join(folder, file), 0o755);
  });
  const programs = (await readdir(tools)).filter((file) => file.endsWith('.exe'));
  const program = (name: RegExp): string => {
    const file = programs.find((found) => name.test(found));
    if (file === undefined) throw new Error(`no program that matches ${name.source} in ${tools}`);
    return join(tools, file);
  };
  return {
    protoc: program(/^protoc-\d/),
    grpcJavaPlugin: program(/^protoc-gen-grpc-java-/),
    classPath: join(tools, '*'),
  };
}
