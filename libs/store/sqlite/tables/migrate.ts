import { StartError } from '#libs/lifecycle/start-error.ts';
import type { TablesFile } from './tables-file.ts';

/** What a file of tables is for, and the steps that made it what it is. Steps are only ever added. */
export interface Schema {
  /** Told in messages. */
  readonly name: string;
  /** SQLite's mark of what a file is for, so that one service does not open another's. */
  readonly applicationId: number;
  /** Step n leads from version n to n + 1. */
  readonly steps: readonly string[];
}

/**
 * Brings a file to the newest version, in one exclusive transaction, forwards only.
 *
 * @throws StartError when the file is of a newer version than this program knows, or another service's.
 */
export function migrate(file: TablesFile, schema: Schema): void {
  if (versionOf(file, schema) === schema.steps.length) {
    return;
  }
  file.transaction(() => {
    // Another process may have been first.
    for (const step of schema.steps.slice(versionOf(file, schema))) {
      file.exec(step);
    }
    file.exec(`
      PRAGMA application_id = ${schema.applicationId};
      PRAGMA user_version = ${schema.steps.length};
    `);
  });
}

function versionOf(file: TablesFile, { name, applicationId, steps }: Schema): number {
  const version = Number(file.prepare('PRAGMA user_version').get()?.['user_version']);
  const found = Number(file.prepare('PRAGMA application_id').get()?.['application_id']);
  if (version > 0 && found !== applicationId) {
    throw new StartError(`${file.path} does not hold the tables of ${name}`);
  }
  if (version > steps.length) {
    throw new StartError(
      `${file.path} is of version ${version}, this program reads up to ${steps.length}: start a newer one`,
    );
  }
  return version;
}
