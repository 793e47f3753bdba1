import type { Db } from 'mongodb';
import { createJournal } from '../journal/create-journal.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalBackend } from '../journal/journal-backend.ts';
import type { JournalContext } from '../journal/journal-context.ts';
import { MAX_POSITION } from '../journal/record-format.ts';
import { StoreError } from '../store-error.ts';
import { withinTime } from './journal-attempt.ts';
import { insertRecords } from './journal-insert.ts';
import { idFromKey, positionFromId } from './journal-key.ts';

/** The collection of the journal. Sharded, its shard key is `{ _id: 1 }`, ranged. [journal.md 28] */
export const JOURNAL_COLLECTION = 'journal';

/**
 * How long one insert may take. The driver would wait for ever for an answer that a broken network swallowed; after this
 * the outcome is unknown and is settled.
 */
const DEFAULT_INSERT_TIMEOUT_MS = 5_000;
/** Reads carry up to 16 MiB, and deletes touch a thousand documents. */
const DEFAULT_READ_TIMEOUT_MS = 10_000;
/** Documents of a page: two megabytes of usual records. The server closes a page at 16 MiB. */
const PAGE_RECORDS = 128;
/** Positions of one delete, so that each takes a fraction of a second. */
const TRIM_POSITIONS = 1_000;

/** How the journal in MongoDB works. */
export interface MongoJournalOptions {
  /** When an insert counts as unknown. 5 000 by default. */
  readonly insertTimeoutMs?: number;
  /** When a read or a delete has failed. 10 000 by default. */
  readonly readTimeoutMs?: number;
}

/** A document of the journal. */
interface JournalDocument {
  readonly _id: string;
  readonly epoch: boolean;
  readonly record: Uint8Array;
}

const MAJORITY = { readConcern: { level: 'majority' }, readPreference: 'primary' } as const;

/**
 * The journal in a server of the MongoDB protocol: a document per record, its `_id` partition and position. Needs plain
 * inserts, ranges by `_id` and deletes, nothing else; the collection is made by the first insert where it is missing.
 */
export function createMongoJournal(db: Db, context: JournalContext, options: MongoJournalOptions = {}): Journal {
  return createJournal(createMongoJournalBackend(db, options), context);
}

function createMongoJournalBackend(db: Db, options: MongoJournalOptions): JournalBackend {
  const insertTimeoutMs = options.insertTimeoutMs ?? DEFAULT_INSERT_TIMEOUT_MS;
  const readTimeoutMs = options.readTimeoutMs ?? DEFAULT_READ_TIMEOUT_MS;
  // The bytes of a record are a view of the reply: `promoteBuffers` spares a wrapper and copies nothing.
  const collection = db.collection<JournalDocument>(JOURNAL_COLLECTION, { promoteBuffers: true });

  return {
    insert: (records) => insertRecords(db, JOURNAL_COLLECTION, records, insertTimeoutMs),

    readOne: (key) =>
      withinTime(readTimeoutMs, undefined, async (signal) => {
        const found = await collection.findOne({ _id: idFromKey(key) }, { ...MAJORITY, signal });
        return found?.record;
      }),

    readPage: ({ partition, from, to }, callerSignal) =>
      withinTime(readTimeoutMs, callerSignal, async (signal) => {
        const range = { $gte: idFromKey({ partition, position: from }), $lte: idFromKey({ partition, position: to }) };
        // A single batch leaves no cursor behind that a fail-over would end.
        const documents = await collection
          .find({ _id: range }, { ...MAJORITY, sort: { _id: 1 }, limit: PAGE_RECORDS, singleBatch: true, signal })
          .toArray();
        return documents.map(({ _id, record }) => ({ position: positionFromId(_id), bytes: record }));
      }),

    lastPosition: (partition) =>
      withinTime(readTimeoutMs, undefined, async (signal) => {
        const range = {
          $gte: idFromKey({ partition, position: 0 }),
          $lte: idFromKey({ partition, position: MAX_POSITION }),
        };
        const last = await collection.findOne(
          { _id: range },
          { ...MAJORITY, sort: { _id: -1 }, projection: { _id: 1 }, signal },
        );
        return last === null ? 0 : positionFromId(last._id);
      }),

    deleteSome: (partition, upTo) =>
      withinTime(readTimeoutMs, undefined, async (signal) => {
        const end = idFromKey({ partition, position: Math.min(upTo, MAX_POSITION) });
        const rest = { $gte: idFromKey({ partition, position: 0 }), $lte: end };
        const first = await collection.findOne(
          { _id: rest, epoch: false },
          { readPreference: 'primary', sort: { _id: 1 }, projection: { _id: 1 }, signal },
        );
        if (first === null) return true;
        const step = idFromKey({ partition, position: positionFromId(first._id) + TRIM_POSITIONS - 1 });
        const isLast = step >= end;
        const range = { $gte: first._id, $lte: isLast ? end : step };
        const reply = await db.command(
          {
            delete: JOURNAL_COLLECTION,
            deletes: [{ q: { _id: range, epoch: false }, limit: 0 }],
            // What a fail-over brings back is deleted by the next trim.
            writeConcern: { w: 1 },
          },
          { signal },
        );
        if (reply['writeErrors'] !== undefined) {
          throw new StoreError('unreachable', 'the journal was not trimmed', reply['writeErrors']);
        }
        return isLast;
      }),
  };
}
