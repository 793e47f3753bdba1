import { globSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import { run } from '#test/run.ts';

const PROTO = resolve(import.meta.dirname, '../../../proto');

/** Generates what the examples in Python import, as docs/remote-runtimes.md says. */
export async function makePythonStubs(python: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const files = globSync(['millrace/**/*.proto'], { cwd: PROTO });
  const vendored = ['buf/validate/validate.proto', 'google/rpc/error_details.proto', 'google/rpc/status.proto'];
  const roots = [`-I${PROTO}`, `-I${join(PROTO, 'vendor')}`];
  const outputs = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
  const ran = await run(python, ['-m', 'grpc_tools.protoc', ...roots, ...outputs, ...files, ...vendored]);
  expect(ran).toMatchObject({ code: 0 });
}
