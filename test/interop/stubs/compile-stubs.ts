import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolsFolder } from './command.ts';
import { bundleProtos, hashSources, type ProtoBundle } from './proto-bundle.ts';

/** Where the stubs of one language are made. */
export interface StubWork {
  readonly bundle: ProtoBundle;
  /** A folder that goes when the work is done. */
  readonly folder: string;
  /** An empty folder in it, for the stubs. */
  readonly out: string;
}

/** How the stubs of one language are made and compiled. */
export interface StubLanguage {
  /** In lower case, with hyphens. */
  readonly name: string;
  /** The versions of the machine's own tools that take part. */
  readonly versions: string;
  /** Writes the stubs below `out` and compiles them. Rejects when one of them is refused. */
  readonly compile: (work: StubWork) => Promise<void>;
  /** What must stand somewhere in the stubs: one text for each service or message. */
  readonly expectedTexts: (bundle: ProtoBundle) => readonly string[];
}

/** A language, or why its stubs cannot be made here and what to do about it. */
export type FoundLanguage = StubLanguage | { readonly missing: string };

/**
 * Makes and compiles the stubs of a language, and answers the expected texts that none of them has. What has compiled
 * once is not compiled again while protos, versions and this folder stay the same.
 */
export async function compileStubs(language: StubLanguage): Promise<readonly string[]> {
  const sources = await hashSources();
  const key = createHash('sha256').update(`${sources} ${language.versions}`).digest('hex');
  const done = join(await toolsFolder(), 'stubs', `${language.name}-${key.slice(0, 32)}`);
  if (await exists(done)) return [];
  const folder = await mkdtemp(join(tmpdir(), `millrace-stubs-${language.name}-`));
  try {
    const out = join(folder, 'out');
    await mkdir(out);
    const bundle = await bundleProtos(folder);
    await language.compile({ bundle, folder, out });
    const missing = await missingTexts(out, language.expectedTexts(bundle));
    // Somebody may have edited a proto meanwhile, and then it is not known what has compiled.
    if (missing.length === 0 && (await hashSources()) === sources) await remember(done);
    return missing;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function missingTexts(out: string, texts: readonly string[]): Promise<readonly string[]> {
  const missing = new Set(texts);
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((found) => found.isFile())) {
    const content = await readFile(join(entry.parentPath, entry.name), 'utf8');
    for (const text of missing) if (content.includes(text)) missing.delete(text);
  }
  return [...missing];
}

async function remember(done: string): Promise<void> {
  await mkdir(join(done, '..'), { recursive: true });
  await writeFile(done, '');
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
