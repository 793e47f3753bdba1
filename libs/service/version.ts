import { existsSync, readFileSync } from 'node:fs';

const IN_TREE = new URL('../../package.json', import.meta.url);
/** In the package the code is one folder deeper. */
const IN_PACKAGE = new URL('../../../package.json', import.meta.url);

const MANIFEST: unknown = JSON.parse(readFileSync(existsSync(IN_TREE) ? IN_TREE : IN_PACKAGE, 'utf8'));

/** The release that runs, for example `1.4.0`. */
export const VERSION: string = (MANIFEST as { readonly version: string }).version;
