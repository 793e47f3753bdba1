import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installOnce, runWell } from './command.ts';
import type { StubLanguage, StubWork } from './compile-stubs.ts';
import { buf, isOurs, type ProtoBundle, stubsFolder } from './proto-bundle.ts';

/** What the `go_package` of our protos begins with, and so the module that the stubs make up. */
const modulePath = 'millrace.dev/gen';
/** go.mod pins plugins and libraries; go.sum has their checksums. */
const manifests = ['go.mod', 'go.sum'];
const plugins = ['google.golang.org/protobuf/cmd/protoc-gen-go', 'google.golang.org/grpc/cmd/protoc-gen-go-grpc'];

/** Go's stubs: protoc-gen-go and protoc-gen-go-grpc, run by buf, compiled by `go build`. */
export async function goStubs(go: string): Promise<StubLanguage> {
  const version = (await runWell('asking go for its version', go, ['version'])).trim();
  return {
    name: 'go',
    versions: version,
    compile: async (work) => compile(go, version, work),
    expectedTexts: ({ services }) => services.map((name) => `type ${name}Client interface {`),
  };
}

async function compile(go: string, version: string, { bundle, out }: StubWork): Promise<void> {
  const bin = await installPlugins(go, version);
  await buf('writing stubs for go', ['generate', bundle.descriptors, '--template', template(bin, bundle), '-o', out]);
  for (const file of manifests) await copyFile(join(stubsFolder, 'go', file), join(out, file));
  // Without the paths of this folder in them, packages that have not changed come from Go's own cache.
  await runWell('compiling stubs for go', go, ['build', '-trimpath', './...'], { cwd: out });
}

async function installPlugins(go: string, version: string): Promise<string> {
  const hash = createHash('sha256').update(version);
  for (const file of manifests) hash.update(await readFile(join(stubsFolder, 'go', file)));
  return await installOnce(`stubs-go-${hash.digest('hex').slice(0, 16)}`, async (folder) => {
    await runWell('installing plugins for go (once)', go, ['install', ...plugins], {
      cwd: join(stubsFolder, 'go'),
      env: { GOBIN: folder },
    });
  });
}

function template(bin: string, { files }: ProtoBundle): string {
  // Vendored protos name Go packages elsewhere; here they are packages of the same module, made from the same files.
  const vendored = files.filter((file) => !isOurs(file));
  const opt = [`module=${modulePath}`, ...vendored.map((file) => `M${file}=${modulePath}/${dirname(file)}`)];
  return JSON.stringify({
    version: 'v2',
    plugins: ['protoc-gen-go', 'protoc-gen-go-grpc'].map((plugin) => ({
      local: join(bin, plugin),
      out: '.',
      opt,
      strategy: 'all',
      include_imports: true,
    })),
  });
}
