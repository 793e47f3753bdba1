import { copyFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath } from '#test/servers/on-path.ts';
import { maybeFirstLine, runWell } from './command.ts';
import type { FoundLanguage, StubWork } from './compile-stubs.ts';
import { findMaven, installMavenTools } from './maven.ts';
import { buf, ourPaths, stubsFolder } from './proto-bundle.ts';

/** What stubs.csproj targets. */
const minimumMajor = 8;

/** C#'s messages, made by the protoc of Maven Central. They are not compiled, and have no services: that takes dotnet. */
export async function csharpMessages(): Promise<FoundLanguage> {
  const maven = await findMaven();
  if ('missing' in maven) return maven;
  return {
    name: 'csharp-messages',
    versions: '',
    compile: async ({ bundle, out }) => {
      const { protoc } = await installMavenTools(maven);
      // A folder for each namespace, because files of two packages may have the same name.
      const outputs = [`--csharp_out=${out}`, '--csharp_opt=base_namespace='];
      await runWell('writing messages for c#', protoc, [
        `--descriptor_set_in=${bundle.descriptors}`,
        ...outputs,
        ...bundle.files,
      ]);
    },
    expectedTexts: ({ messages }) => messages.map((name) => `public sealed partial class ${name} : `),
  };
}

/** C#'s stubs: made by Grpc.Tools and compiled by dotnet, in one go. */
export async function csharpStubs(): Promise<FoundLanguage> {
  const howTo = `put the .NET SDK, ${minimumMajor} or later, on PATH`;
  const dotnet = await onPath('dotnet');
  if (dotnet === undefined)
    return { missing: `no dotnet, so nothing of C# is compiled and its services are not made: ${howTo}` };
  const version = await maybeFirstLine(dotnet, ['--version']);
  if (version === undefined) return { missing: `${dotnet} does not run: ${howTo}` };
  if (Number.parseInt(version, 10) < minimumMajor) return { missing: `dotnet ${version} is too old: ${howTo}` };
  return {
    name: 'csharp',
    versions: version,
    compile: async (work) => compile(dotnet, work),
    expectedTexts: ({ services }) => services.map((name) => `public partial class ${name}Client : `),
  };
}

async function compile(dotnet: string, { folder, out }: StubWork): Promise<void> {
  const project = join(folder, 'stubs.csproj');
  await copyFile(join(stubsFolder, 'csharp', 'stubs.csproj'), project);
  // One root for all protos, which is what Grpc.Tools wants.
  await buf('exporting the protos', ['export', '.', ...ourPaths, '-o', join(folder, 'protos')]);
  await runWell('compiling stubs for c#', dotnet, ['build', project, '--nologo', '--verbosity', 'quiet'], {
    cwd: folder,
    env: { DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1' },
  });
  // The stubs are among the intermediate files.
  await cp(join(folder, 'obj'), out, { recursive: true });
}
