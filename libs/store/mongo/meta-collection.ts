import type { Collection, Db } from 'mongodb';

/** The collection of the meta row, and of what several processes agree on by a row. */
export const META_COLLECTION = 'meta';

/** A document of the collection of meta rows: the meta row itself, the lock, holds of backups. */
export interface MetaDocument {
  readonly _id: string;
  /** The meta row, as JSON. */
  readonly row?: string;
  /** Who holds a lock. */
  readonly holder?: string;
  /** Counts signs of life of a lock or a hold. */
  readonly beat?: number;
}

/** Opens the collection of the meta row for reading: on the primary, and only what a majority has. */
export function openMetaCollection(db: Db): Collection<MetaDocument> {
  return db.collection<MetaDocument>(META_COLLECTION, {
    readConcern: { level: 'majority' },
    readPreference: 'primary',
  });
}
