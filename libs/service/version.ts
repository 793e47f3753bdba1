import { readFileSync } from 'node:fs';

const MANIFEST: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The release that runs, for example `1.4.0`. */
export const VERSION: string = (MANIFEST as { readonly version: string }).version;
