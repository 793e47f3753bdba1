import { join } from 'node:path';
import { runWell } from './command.ts';
import type { StubLanguage, StubWork } from './compile-stubs.ts';
import { stubsFolder } from './proto-bundle.ts';

/** Prints what the outcome depends on. */
const versionScript = `
import platform
from importlib.metadata import version
print(platform.python_version(), version('grpcio'), version('grpcio-tools'), version('protobuf'))
`;

/** Python's stubs: made by grpcio-tools; every module of them is imported. */
export async function pythonStubs(python: string): Promise<StubLanguage> {
  return {
    name: 'python',
    versions: (await runWell('asking python for its versions', python, ['-c', versionScript])).trim(),
    compile: async (work) => compile(python, work),
    expectedTexts: ({ services }) => services.map((name) => `class ${name}Stub`),
  };
}

async function compile(python: string, { bundle, out }: StubWork): Promise<void> {
  const outputs = [`--python_out=${out}`, `--pyi_out=${out}`, `--grpc_python_out=${out}`];
  const protoc = ['-m', 'grpc_tools.protoc', `--descriptor_set_in=${bundle.descriptors}`];
  await runWell('writing stubs for python', python, [...protoc, ...outputs, ...bundle.files]);
  await runWell('importing stubs for python', python, [join(stubsFolder, 'python', 'import_modules.py'), out]);
}
