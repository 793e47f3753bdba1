import { join } from 'node:path/posix';
import { PROGRAMS, ROOTS } from './programs.ts';

/** The oldest Node that runs what is emitted. */
const OLDEST_NODE = '>=22';
/** Where in the package the code is. */
export const CODE_FOLDER = 'dist';

/** What the package takes from the manifest of the tree. */
export interface TreeManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  /** The source of each door, by the name behind that of the package. */
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Makes the manifest of the package: it runs from what was emitted and needs what the sources need at run time. */
export function packageManifest(tree: TreeManifest): Readonly<Record<string, unknown>> {
  const { name, version, description, license, dependencies } = tree;
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    engines: { node: OLDEST_NODE },
    bin: Object.fromEntries(Object.entries(PROGRAMS).map(([program, source]) => [program, emitted(source, '.js')])),
    exports: {
      ...Object.fromEntries(
        Object.entries(tree.exports).map(([door, source]) => [
          door,
          { types: emitted(source, '.d.ts'), default: emitted(source, '.js') },
        ]),
      ),
      './package.json': './package.json',
    },
    imports: Object.fromEntries(ROOTS.map((root) => [`#${root}/*.ts`, `./${CODE_FOLDER}/${root}/*.js`])),
    dependencies,
  };
}

function emitted(source: string, extension: string): string {
  return `./${join(CODE_FOLDER, source.replace(/\.ts$/, extension))}`;
}
