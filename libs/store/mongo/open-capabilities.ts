import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Db, type Document, MongoServerError } from 'mongodb';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { boundedCall } from './bounded-call.ts';

/** The collection that checks are made in. It stays, empty: making it takes some servers a tenth of a second. */
export const CHECK_COLLECTION = 'capability_check';

const DUPLICATE_KEY = 11000;
/** How long a check may take; the first one makes a collection and an index. */
const CHECK_TIMEOUT_MS = 20_000;
/** How long tidying up may take, which nothing depends on. */
const TIDY_TIMEOUT_MS = 5_000;

const DURABLE = { writeConcern: { w: 'majority', j: true } } as const;
const MAJORITY = { readConcern: { level: 'majority' } } as const;

/** Something that the server must do, and a proof that it does. */
interface Capability {
  readonly name: string;
  /** Answers whether the server does it; an error is a no. */
  readonly proves: (run: RunCommand, prefix: string) => Promise<boolean>;
}

type RunCommand = (command: Document) => Promise<Document>;

/** Everything that the adapters rely on. */
const CAPABILITIES: readonly Capability[] = [
  {
    name: 'writes with the write concern majority and journal',
    async proves(run, prefix) {
      const reply = await run(insert([{ _id: `${prefix}-1` }]));
      return reply['n'] === 1 && reply['writeConcernError'] === undefined && reply['writeErrors'] === undefined;
    },
  },
  {
    name: 'an unordered insert that goes on after a duplicate _id and tells which documents it refused',
    async proves(run, prefix) {
      const reply = await run(insert([{ _id: `${prefix}-1` }, { _id: `${prefix}-2` }, { _id: `${prefix}-1` }]));
      return reply['n'] === 1 && refusals(reply) === `0:${DUPLICATE_KEY},2:${DUPLICATE_KEY}`;
    },
  },
  {
    name: 'unique indexes',
    async proves(run, prefix) {
      const index = { key: { mark: 1 }, name: 'mark_1', unique: true };
      await run({ createIndexes: CHECK_COLLECTION, indexes: [index] });
      const documents = ['a', 'b'].map((letter) => ({ _id: `${prefix}-${letter}`, mark: prefix }));
      return refusals(await run(insert(documents))) === `1:${DUPLICATE_KEY}`;
    },
  },
  {
    name: 'reads of a range of _id in order, with the read concern majority',
    async proves(run, prefix) {
      const reply = await run({
        find: CHECK_COLLECTION,
        filter: { _id: { $gte: `${prefix}-1`, $lte: `${prefix}-2` } },
        sort: { _id: -1 },
        limit: 2,
        singleBatch: true,
        ...MAJORITY,
      });
      const ids = (reply['cursor']?.firstBatch as Document[] | undefined)?.map(({ _id }) => _id);
      return JSON.stringify(ids) === JSON.stringify([`${prefix}-2`, `${prefix}-1`]);
    },
  },
  {
    name: 'guarded updates and upserts that a newer document refuses',
    async proves(run, prefix) {
      const write = (position: number): Promise<Document> =>
        run({
          update: CHECK_COLLECTION,
          updates: [
            {
              q: { _id: `${prefix}-g`, position: { $lt: position } },
              u: { position, mark: `${prefix}-g` },
              upsert: true,
            },
          ],
          ...DURABLE,
        });
      const [first, second, late] = [await write(1), await write(3), await write(2)];
      return first['n'] === 1 && second['n'] === 1 && refusals(late) === `0:${DUPLICATE_KEY}`;
    },
  },
];

/** How often a server is asked before it counts as one that cannot, and the pause before the next time. */
const ATTEMPTS = 3;
const PAUSE_MS = 300;

/**
 * Proves that a server does what the adapters rely on, by doing it. What fails is tried again: processes that start at
 * once may stand in each other's way, when all of them make the collection of the checks.
 *
 * @throws StartError that names everything that is missing; the signal's reason when it aborts. Errors of the connection
 * are thrown as they are.
 */
export async function checkCapabilities(db: Db, server: string, signal: AbortSignal): Promise<void> {
  let missing = await findMissing(db, signal);
  for (let attempt = 2; missing.size > 0 && attempt <= ATTEMPTS; attempt += 1) {
    await delay(PAUSE_MS * (attempt - 1) * (0.5 + Math.random()), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    );
    const again = await findMissing(db, signal);
    missing = new Map([...missing].filter(([name]) => again.has(name)));
  }
  if (missing.size > 0) {
    const [cause] = [...missing.values()].filter((error) => error !== undefined);
    const names = [...missing].map(([name, error]) => (error === undefined ? name : `${name} (${error.message})`));
    throw new StartError(`${server} cannot keep a store, it lacks: ${names.join('; ')}`, { cause });
  }
}

/** What the server does not do, with the error where there was one. */
async function findMissing(db: Db, signal: AbortSignal): Promise<ReadonlyMap<string, Error | undefined>> {
  const prefix = randomUUID();
  // The plain command: the driver never repeats it, and answers what the server did.
  const runWithin =
    (timeoutMs: number): RunCommand =>
    (command) =>
      boundedCall({ timeoutMs, signal }, (bound) => db.command(command, { signal: bound }));
  const run = runWithin(CHECK_TIMEOUT_MS);
  const missing = new Map<string, Error | undefined>();
  try {
    for (const { name, proves } of CAPABILITIES) {
      try {
        if (!(await proves(run, prefix))) {
          missing.set(name, undefined);
        }
      } catch (error) {
        if (!isRefusal(error)) {
          throw error;
        }
        missing.set(name, error);
      }
    }
    return missing;
  } finally {
    const own = { _id: { $gte: `${prefix}-`, $lt: `${prefix}.` } };
    const tidy = runWithin(TIDY_TIMEOUT_MS);
    await tidy({ delete: CHECK_COLLECTION, deletes: [{ q: own, limit: 0 }] }).catch(() => undefined);
  }
}

function insert(documents: readonly Document[]): Document {
  // A document without the field would count as one more with the same value.
  const marked = documents.map((document) => ({ mark: document['_id'], ...document }));
  return { insert: CHECK_COLLECTION, documents: marked, ordered: false, ...DURABLE };
}

function refusals(reply: Document): string {
  const errors = (reply['writeErrors'] ?? []) as readonly { readonly index: number; readonly code: number }[];
  return errors
    .map(({ index, code }) => `${index}:${code}`)
    .toSorted()
    .join(',');
}

/** Codes of servers that are not what they were a moment ago, or of users: they say nothing of what the server can do. */
const NOT_THE_SERVER: ReadonlySet<number> = new Set([13, 18, 91, 189, 10107, 11600, 11602, 13435, 13436]);

/** A command that the server does not take, and no failure of the connection. */
function isRefusal(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && !NOT_THE_SERVER.has(Number(error.code));
}
