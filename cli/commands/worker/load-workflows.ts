import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { isWorkflow } from '#libs/sdk/author/is-workflow.ts';
import type { AnyWorkflow } from '#libs/sdk/millrace.ts';
import { findSyntaxError } from './find-syntax-error.ts';
import { hearImports } from './imported-files.ts';

/** What a module has for a worker. */
export interface LoadedWorkflows {
  readonly workflows: readonly AnyWorkflow[];
  /** Names the code: a text of the module and of what it imports, packages left out. */
  readonly build: string;
}

const BUILD_CHARS = 16;

/**
 * Loads a module and takes every workflow that it exports.
 *
 * @param onFile hears of the module and of every file that it imports, also where it does not load in the end.
 * @throws StartError for a module that is missing, does not load, exports no workflow, or two of one name and version.
 */
export async function loadWorkflows(path: string, onFile: (file: string) => void): Promise<LoadedWorkflows> {
  const module = resolve(path);
  const files = new Set<string>();
  const take = (file: string): void => {
    files.add(file);
    onFile(file);
  };
  take(module);
  if (statSync(module, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new StartError(`<module>: there is no file ${path}`);
  }
  hearImports((file) => !files.has(file) && take(file));
  const exported = await importModule(path, module, files);
  const found = new Map<string, { readonly key: string; readonly workflow: AnyWorkflow }>();
  for (const [key, value] of Object.entries(exported)) {
    if (!isWorkflow(value)) continue;
    const name = `${value.name} ${value.version}`;
    const other = found.get(name);
    if (other !== undefined && other.workflow !== value) {
      throw new StartError(`<module>: ${path} exports ${name} twice, as ${other.key} and as ${key}`);
    }
    found.set(name, other ?? { key, workflow: value });
  }
  if (found.size === 0) {
    throw new StartError(`<module>: ${path} exports no workflow: export what workflow() makes`);
  }
  // A module tells its exports in the order of their names, which say less than those of the workflows.
  const names = Array.from(found.keys()).toSorted();
  const workflows = names.flatMap((name) => found.get(name)?.workflow ?? []);
  return { workflows, build: buildOf(files) };
}

async function importModule(path: string, module: string, files: ReadonlySet<string>): Promise<object> {
  try {
    return (await import(pathToFileURL(module).href)) as object;
  } catch (error) {
    const failure: NodeJS.ErrnoException = error instanceof Error ? error : new TypeError(String(error));
    const { code, stack, message } = failure;
    const fault = (failure instanceof SyntaxError ? findSyntaxError(files) : undefined) ?? stack ?? message;
    const hint =
      code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? `\nTypeScript is run by Node 22.18 or later, this is ${process.version}`
        : '';
    throw new StartError(`<module>: ${path} does not load: ${fault}${hint}`, { cause: error });
  }
}

/** Another content of one of the files is another build. Where they lie does not matter. */
function buildOf(files: ReadonlySet<string>): string {
  const digests = Array.from(files, (file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  return createHash('sha256').update(digests.toSorted().join()).digest('hex').slice(0, BUILD_CHARS);
}
