import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { STORE_FORMAT } from '#libs/store/opening/meta-row.ts';
import { openSqliteStateStore } from '#libs/store/sqlite/open.ts';
import { dumpState, fillState } from '../open/filled-store.ts';
import { CONTEXT } from '../open/store-homes.ts';

/**
 * Records a small store of this release's format, with what a reader must find in it. Run by hand at each release that
 * has a new format; what was recorded is never recorded anew once it was released.
 */
const folder = join(import.meta.dirname, `format-${STORE_FORMAT}`);
await mkdir(folder);
const store = await openSqliteStateStore(folder, CONTEXT);
await fillState(store, 2, 300_000);
const dump = await dumpState(store);
// SQLite folds its logs in when the last connection closes.
await store[Symbol.asyncDispose]();
await rm(join(folder, 'lock'));
await writeFile(join(folder, 'expected.json'), `${JSON.stringify(dump, undefined, 1)}\n`);
