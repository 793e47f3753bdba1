import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { runWell } from './command.ts';

/** Where the repository begins. */
const repository = fileURLToPath(new URL('../../..', import.meta.url));
/** Where the manifests of the languages are. */
export const stubsFolder: string = fileURLToPath(new URL('.', import.meta.url));
/** Selects our protos for buf; what they import follows. */
export const ourPaths: readonly string[] = ['--path', 'proto/millrace', '--path', 'test/proto/millrace'];

/** Every proto of ours with all that they import, compiled. */
export interface ProtoBundle {
  /** A file that holds them as a FileDescriptorSet, and as an image of buf. */
  readonly descriptors: string;
  /** The names of the protos that stubs are made from: ours and the vendored ones that ours import. */
  readonly files: readonly string[];
  /** The names of our services. */
  readonly services: readonly string[];
  /** The names of the messages at the top of our files. */
  readonly messages: readonly string[];
}

/** Runs the repository's own buf in its root. */
export async function buf(what: string, args: readonly string[]): Promise<void> {
  await runWell(what, join(repository, 'node_modules/.bin/buf'), args, { cwd: repository });
}

/** Compiles the protos into a file of `folder`. */
export async function bundleProtos(folder: string): Promise<ProtoBundle> {
  const descriptors = join(folder, 'protos.binpb');
  await buf('compiling the protos', ['build', '.', ...ourPaths, '-o', descriptors]);
  const { file } = fromBinary(FileDescriptorSetSchema, await readFile(descriptors));
  const ours = file.filter(({ name }) => isOurs(name));
  return {
    descriptors,
    // The languages' protobuf libraries bring the well-known types.
    files: file.map(({ name }) => name).filter((name) => !name.startsWith('google/protobuf/')),
    services: ours.flatMap(({ service }) => service.map(({ name }) => name)),
    messages: ours.flatMap(({ messageType }) => messageType.map(({ name }) => name)),
  };
}

/** Whether a proto is ours, not a vendored one. */
export function isOurs(file: string): boolean {
  return file.startsWith('millrace/');
}

/** A hash over everything that the stubs are made from: protos, settings of buf, and this folder. */
export async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['proto', 'test/proto', 'test/interop/stubs']) await addFolder(hash, folder);
  await addFile(hash, 'buf.yaml');
  return hash.digest('hex');
}

async function addFolder(hash: Hash, folder: string): Promise<void> {
  const entries = await readdir(join(repository, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) await addFile(hash, file.slice(repository.length));
}

async function addFile(hash: Hash, file: string): Promise<void> {
  const content = await readFile(join(repository, file));
  hash.update(`${file} ${content.length}\n`).update(content);
}
