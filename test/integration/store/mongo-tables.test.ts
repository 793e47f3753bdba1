import { randomUUID } from 'node:crypto';
import { type Db, type Document, MongoClient, MongoNetworkError } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureRegistryCollections } from '#libs/store/mongo/tables/registry-collections.ts';
import { ensureStateCollections } from '#libs/store/mongo/tables/state-collections.ts';
import { createMongoStateTables } from '#libs/store/mongo/tables/state-tables.ts';
import { ALL_SLOTS } from '#libs/store/slots.ts';
import { bodyOf, headRow, itemRow, RUN, segmentRow, signal, stampAt } from '#test/contract/store/tables/rows.ts';
import { describeWithMongo } from '#test/servers/servers.ts';

const TIMEOUT_MS = 60_000;
const body = bodyOf('body');
/** What the driver adds to a command. */
const OF_THE_DRIVER = new Set(['lsid', '$db', '$clusterTime', '$readPreference', 'txnNumber', 'readConcern']);

describeWithMongo('tables in MongoDB', (uri) => {
  describe('beyond the contract', { timeout: TIMEOUT_MS }, () => {
    let client: MongoClient;
    let db: Db;

    beforeAll(async () => {
      client = await new MongoClient(uri, { monitorCommands: true }).connect();
      db = client.db(`millrace_test_${randomUUID()}`);
    }, TIMEOUT_MS);
    afterAll(async () => {
      await db.dropDatabase();
      await client.close();
    }, TIMEOUT_MS);

    /** The database with a network that loses the replies to as many commands, once they are done. */
    function losing(replies: number): Db {
      let left = replies;
      return new Proxy(db, {
        get(target, property) {
          if (property !== 'command') {
            const value: unknown = Reflect.get(target, property);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return async (...parameters: Parameters<Db['command']>): Promise<Document> => {
            const reply = await target.command(...parameters);
            left -= 1;
            if (left >= 0) {
              throw new MongoNetworkError('the reply was lost');
            }
            return reply;
          };
        },
      });
    }

    test('collections are made by several at once, and again', async () => {
      await Promise.all([ensureStateCollections(db), ensureStateCollections(db), ensureRegistryCollections(db)]);
      await ensureStateCollections(db);
      const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['heads', 'segments', 'cursors', 'packages', 'signing_keys']));
    });

    test('a write whose reply was lost is not taken for that of another', async () => {
      const steady = createMongoStateTables(db);
      const losingOne = (): typeof steady => createMongoStateTables(losing(1));
      const lease = { partition: 1, nodeId: 'a', epoch: 1, body };
      expect(await losingOne().leases.insert(lease)).toBe(true);
      expect(await losingOne().leases.insert(lease)).toBe(false);
      expect(await losingOne().leases.replace({ ...lease, nodeId: 'b', revision: 1 })).toBe(true);
      expect(await losingOne().leases.replace({ ...lease, nodeId: 'c', revision: 1 })).toBe(false);
      expect(await steady.leases.read(1)).toEqual({ ...lease, nodeId: 'b', revision: 2 });
      expect(await losingOne().leases.delete(1, 1)).toBe(false);
      expect(await losingOne().leases.delete(1, 2)).toBe(true);

      const entry = { tenantId: 'tenant', number: 1, time: 1, body };
      expect(await losingOne().audit.insert(entry)).toBe(true);
      expect(await losingOne().audit.insert(entry)).toBe(false);
      expect(await losingOne().writeCheckpoint({ partition: 1, position: 7, epoch: 1, body })).toBe(true);
      expect(await losingOne().writeCheckpoint({ partition: 1, position: 7, epoch: 1, body })).toBe(false);
      expect(await losingOne().writeCursor('publisher', 7)).toBe(true);
      expect(await losingOne().writeCursor('publisher', 6)).toBe(false);
      expect(await steady.readCursor('publisher')).toBe(7);
    });

    test('a write that was overtaken before its reply was lost is still known', async () => {
      const steady = createMongoStateTables(db);
      const member = { nodeId: 'overtaken', body };
      await steady.members.insert(member);
      let isOvertaken = false;
      const overtaken = new Proxy(db, {
        get(target, property) {
          if (property !== 'command') {
            const value: unknown = Reflect.get(target, property);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return async (...parameters: Parameters<Db['command']>): Promise<Document> => {
            await target.command(...parameters);
            isOvertaken = await steady.members.replace({ ...member, revision: 2 });
            throw new MongoNetworkError('the reply was lost');
          };
        },
      });
      expect(await createMongoStateTables(overtaken).members.replace({ ...member, revision: 1 })).toBe(true);
      expect(isOvertaken).toBe(true);
    });

    test('a round whose reply was lost fails, and its repeat is none the worse', async () => {
      const writes = [
        { table: 'heads', put: headRow({ runId: 'lost' }), isNew: true },
        { table: 'segments', put: segmentRow({ runId: 'lost' }) },
        { table: 'items', delete: itemRow({ runId: 'lost' }) },
      ] as const;
      const failed = createMongoStateTables(losing(3)).writeRows(stampAt(1), writes, signal);
      await expect(failed).rejects.toMatchObject({ reason: 'UNAVAILABLE', problem: 'unreachable' });
      const steady = createMongoStateTables(db);
      await steady.writeRows(stampAt(1), writes, signal);
      expect(await steady.readHead({ tenantId: RUN.tenantId, runId: 'lost' })).toEqual(headRow({ runId: 'lost' }));
    });

    test('a server that does not answer in time is unreachable', async () => {
      const silent = new Proxy(db, {
        get: (target, property) =>
          property === 'command'
            ? (_command: Document, { signal: timeout }: { readonly signal: AbortSignal }) =>
                new Promise((_resolve, reject) => timeout.addEventListener('abort', () => reject(timeout.reason)))
            : Reflect.get(target, property),
      });
      const round = createMongoStateTables(silent, { timeoutMs: 20 }).writeRows(
        stampAt(1),
        [{ table: 'heads', put: headRow() }],
        signal,
      );
      await expect(round).rejects.toMatchObject({ problem: 'unreachable' });
    });

    test('reads enter an index', async () => {
      const tables = createMongoStateTables(db);
      const found: Document[] = [];
      const listen = ({ command }: { readonly command: Document }): void => {
        if (command['$db'] === db.databaseName && (command['find'] ?? command['aggregate']) !== undefined) {
          found.push(command);
        }
      };
      const list = { tenantId: 'tenant', queue: 'default', tagSet: '', priority: 3 };
      const half = { from: 0, to: 512 };
      const place = { ...RUN, itemId: 'item', since: 1 };
      client.on('commandStarted', listen);
      const page = await tables.listHeads('tenant', {}, { limit: 1 });
      expect(page.rows).toHaveLength(1);
      await tables.listHeads('tenant', { statuses: ['RUNNING'], workflow: 'order' }, { limit: 10 });
      await tables.listHeads(
        'tenant',
        { attributes: [{ name: 'size', atLeast: { type: 'integer', value: 1n } }], startedBefore: 5 },
        { limit: 10 },
      );
      await tables.countHeads('tenant', { statuses: ['FAILED'] });
      await tables.countUnfinished('tenant', 'order', '1', half);
      await tables.dueBefore(half, 10, 10);
      await tables.expiredBefore(ALL_SLOTS, 10, 10);
      await tables.pastHeadsExpiredBefore(half, 10, 10);
      await tables.listPastHeads(RUN, { limit: 10 });
      await tables.readSegments(RUN, 0, 10);
      await tables.readSnapshot(RUN);
      await tables.listSnapshotRuns('tenant', { limit: 10 });
      await tables.readyLists(half, 10, list);
      await tables.readyHead(half, list, 10, place);
      await tables.itemsDueBefore(half, 10, 10);
      await tables.itemsOfRun(RUN, 10);
      await tables.countItems('tenant', 'default');
      await tables.readSignals(RUN, 10, 1);
      await tables.signalsExpiredBefore(half, 10, 10);
      await tables.readDeadLetter('tenant', 'letter');
      await tables.listDeadLetters('tenant', { queue: 'default' }, { limit: 10 });
      await tables.listDeadLetters('tenant', { runId: 'run' }, { limit: 10 });
      await tables.readOutbox(1, 10);
      await tables.requestIdsExpiredBefore(half, 10, 10);
      await tables.definitions.list('tenant', { packageDigest: 'digest' }, { limit: 10 });
      await tables.activations.newest('tenant', 'name');
      await tables.activations.listNewest('tenant', { limit: 10 });
      await tables.tokens.readBySecretHash('hash');
      await tables.tokens.list('tenant', { limit: 10 });
      await tables.audit.last('tenant');
      await tables.purgeTombstones(0, 10);
      client.off('commandStarted', listen);
      expect(found.length).toBeGreaterThan(32);
      for (const sent of found) {
        const command = Object.fromEntries(Object.entries(sent).filter(([name]) => !OF_THE_DRIVER.has(name)));
        const plan = JSON.stringify(await db.command({ explain: command, verbosity: 'queryPlanner' }));
        expect({ command, isScan: /COLLSCAN|Seq Scan/.test(plan) }).toEqual({ command, isScan: false });
      }
    });
  });
});
