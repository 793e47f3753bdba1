import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath } from '#test/servers/on-path.ts';
import { maybeFirstLine, runWell } from './command.ts';
import type { FoundLanguage, StubWork } from './compile-stubs.ts';
import { findMaven, installMavenTools, type MavenTools } from './maven.ts';

/** For a process that ends before the optimising compiler pays: it halves the time that javac takes. */
const jvmOptions = ['-J-XX:TieredStopAtLevel=1', '-J-XX:+UseParallelGC'];

/** Java's stubs: made by the protoc and the protoc-gen-grpc-java of Maven Central, compiled by javac. */
export async function javaStubs(): Promise<FoundLanguage> {
  const maven = await findMaven();
  if ('missing' in maven) return maven;
  const javac = await onPath('javac');
  const version = javac === undefined ? undefined : await maybeFirstLine(javac, ['-version']);
  if (javac === undefined || version === undefined) return { missing: 'no javac that runs: put a JDK on PATH' };
  return {
    name: 'java',
    versions: version,
    compile: async (work) => compile(javac, await installMavenTools(maven), work),
    expectedTexts: ({ services }) => services.map((name) => `public final class ${name}Grpc {`),
  };
}

async function compile(javac: string, tools: MavenTools, { bundle, folder, out }: StubWork): Promise<void> {
  const plugin = `--plugin=protoc-gen-grpc-java=${tools.grpcJavaPlugin}`;
  const outputs = [`--java_out=${out}`, `--grpc-java_out=${out}`];
  await runWell('writing stubs for java', tools.protoc, [
    `--descriptor_set_in=${bundle.descriptors}`,
    plugin,
    ...outputs,
    ...bundle.files,
  ]);

  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  const sources = entries.filter((entry) => entry.isFile()).map((entry) => `"${join(entry.parentPath, entry.name)}"`);
  const list = join(folder, 'sources');
  const classes = join(folder, 'classes');
  await Promise.all([writeFile(list, sources.join('\n')), mkdir(classes)]);
  const options = ['-proc:none', '-nowarn', ...jvmOptions, '-d', classes, '-cp', tools.classPath];
  await runWell('compiling stubs for java', javac, [...options, `@${list}`]);
}
