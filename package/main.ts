import { resolve } from 'node:path';
import { pack } from './pack.ts';

/** Makes the package in the folder that is named, by default in this one. */
const [folder = '.'] = process.argv.slice(2);
process.stdout.write(`${await pack(resolve(folder))}\n`);
