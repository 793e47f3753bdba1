import { join } from 'node:path';
import { onPath } from '#test/servers/on-path.ts';
import { maybeFirstLine, runWell, toolsFolder } from './command.ts';
import type { FoundLanguage, StubWork } from './compile-stubs.ts';
import { stubsFolder } from './proto-bundle.ts';

/** Cargo.toml and Cargo.lock pin every crate. */
const manifest: string = join(stubsFolder, 'rust', 'Cargo.toml');
/** What tonic needs, as Cargo.toml says in `rust-version`. */
const minimumMinor = 88;

/** Rust's stubs: made by prost and tonic in the build script of a crate, checked by cargo. */
export async function rustStubs(): Promise<FoundLanguage> {
  const cargo = await onPath('cargo');
  if (cargo === undefined) return { missing: 'no cargo: put cargo and rustc on PATH' };
  const version = await maybeFirstLine(cargo, ['--version']);
  const minor = /^cargo 1\.(\d+)\./.exec(version ?? '')?.[1];
  if (version === undefined || minor === undefined) return { missing: `${cargo} does not run: install a toolchain` };
  if (Number(minor) < minimumMinor)
    return { missing: `${version} is older than 1.${minimumMinor}: install a newer one` };
  return {
    name: 'rust',
    versions: version,
    compile: async (work) => compile(cargo, work),
    expectedTexts: ({ services }) => services.map((name) => `pub mod ${snakeCase(name)}_client {`),
  };
}

async function compile(cargo: string, { bundle, out }: StubWork): Promise<void> {
  await runWell('compiling stubs for rust', cargo, ['check', '--locked', '--quiet', '--manifest-path', manifest], {
    // Cargo itself lets one process at a time into a target folder, and keeps the crates that it has compiled there.
    env: {
      CARGO_TARGET_DIR: join(await toolsFolder(), 'stubs-rust'),
      STUBS_DESCRIPTORS: bundle.descriptors,
      STUBS_OUT: out,
    },
  });
}

function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase();
}
