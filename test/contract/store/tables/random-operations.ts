import fc from 'fast-check';
import type { AttributeCondition, Attributes, AttributeValue, ComparableValue } from '#libs/store/tables/attribute.ts';
import type { HeadFilter, HeadRow } from '#libs/store/tables/heads.ts';
import type { ItemState } from '#libs/store/tables/items.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import { bodyOf } from './rows.ts';

/** Few ids, so that operations meet. */
export const TENANTS: readonly string[] = ['a', 'a/b'];
export const RUNS: readonly string[] = ['r', 'r.1', '😀', "o'r"];
export const INCARNATIONS: readonly string[] = ['0190', '0191'];
export const NAMES: readonly string[] = ['$x', 'y', '\uffff'];

const tenantId = fc.constantFrom(...TENANTS);
const runId = fc.constantFrom(...RUNS);
const name = fc.constantFrom(...NAMES);
const time = fc.integer({ min: 0, max: 6 });
const maybeTime = fc.option(time, { nil: undefined });
const body = fc.string({ maxLength: 3 }).map(bodyOf);
const status = fc.constantFrom('RUNNING', 'PAUSED', 'FAILED');
const workflow = fc.constantFrom('w', 'w/2', '');
const version = fc.constantFrom('1', '2');

const comparable: fc.Arbitrary<ComparableValue> = fc.oneof(
  fc.record({ type: fc.constant('keyword' as const), value: name }),
  fc.record({ type: fc.constant('integer' as const), value: fc.bigInt({ min: -1n, max: 2n }) }),
  fc.record({ type: fc.constant('double' as const), value: fc.constantFrom(-0.5, 0, -0, 1.5, Number.NaN, Infinity) }),
  fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
  fc.record({ type: fc.constant('time' as const), value: time }),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  { arbitrary: comparable, weight: 4 },
  fc.record({ type: fc.constant('keyword_list' as const), value: fc.array(name, { maxLength: 3 }) }),
);
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(fc.constantFrom('p', 'q'), value, { noNullPrototype: true });

const condition: fc.Arbitrary<AttributeCondition> = fc.oneof(
  fc.record({ name: fc.constantFrom('p', 'q'), equals: comparable }),
  fc
    .tuple(comparable, comparable, fc.nat(3))
    // Mostly bounds of one type.
    .map(([atLeast, below, kind]) => ({
      name: 'p',
      ...(kind === 0 ? {} : { atLeast }),
      ...(kind === 1 || (kind === 2 && atLeast.type !== below.type) ? {} : { below }),
    })),
);

/** Leaves fields out that have no value. */
function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined));
  return kept as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** Any filter of heads. */
export const headFilter: fc.Arbitrary<HeadFilter> = fc
  .record({
    statuses: fc.option(fc.array(status, { maxLength: 2 }), { nil: undefined }),
    workflow: fc.option(workflow, { nil: undefined }),
    version: fc.option(version, { nil: undefined }),
    startedAtOrAfter: fc.option(time, { nil: undefined, freq: 2 }),
    startedBefore: fc.option(time, { nil: undefined, freq: 2 }),
    attributes: fc.option(fc.array(condition, { maxLength: 2 }), { nil: undefined }),
  })
  .map(given);

const incarnationKey: fc.Arbitrary<IncarnationKey> = fc.record({
  tenantId,
  runId,
  incarnation: fc.constantFrom(...INCARNATIONS),
});

/** Any head; its run is one of few unless another is given. */
export function anyHead(anyRunId: fc.Arbitrary<string> = runId): fc.Arbitrary<HeadRow> {
  return fc
    .record({
      tenantId,
      runId: anyRunId,
      incarnation: fc.constantFrom(...INCARNATIONS),
      workflow,
      version,
      status,
      startTime: time,
      closeTime: maybeTime,
      nextWakeTime: maybeTime,
      expireTime: maybeTime,
      attributes,
      body,
    })
    .map(given);
}

const itemState: fc.Arbitrary<ItemState> = fc.oneof(
  fc.record({ kind: fc.constant('ready' as const), since: time }),
  fc.record({ kind: fc.constant('waiting' as const), until: time }),
  fc.record({ kind: fc.constant('leased' as const), until: maybeTime }),
);

const itemKey = fc.oneof(
  fc.tuple(incarnationKey, name).map(([key, itemId]) => ({ ...key, itemId })),
  fc.tuple(tenantId, name).map(([tenant, itemId]) => ({ tenantId: tenant, runId: '', incarnation: '', itemId })),
);

/** A put or a delete of any row of any table that an owner writes. */
const rowWrite: fc.Arbitrary<RowWrite> = fc.oneof(
  anyHead().map((put): RowWrite => ({ table: 'heads', put })),
  fc.record({ tenantId, runId }).map((key): RowWrite => ({ table: 'heads', delete: key })),
  fc.tuple(incarnationKey, time, body).map(
    ([key, expireTime, bytes]): RowWrite => ({
      table: 'pastHeads',
      put: { ...key, expireTime, body: bytes },
    }),
  ),
  incarnationKey.map((key): RowWrite => ({ table: 'pastHeads', delete: key })),
  fc
    .tuple(incarnationKey, fc.nat(3), body, fc.boolean())
    .map(
      ([key, segment, bytes, isPut]): RowWrite =>
        isPut
          ? { table: 'segments', put: { ...key, segment, body: bytes } }
          : { table: 'segments', delete: { ...key, segment } },
    ),
  fc
    .tuple(incarnationKey, fc.nat(3), body, fc.boolean())
    .map(
      ([key, number, bytes, isPut]): RowWrite =>
        isPut
          ? { table: 'snapshots', put: { ...key, version: number, body: bytes } }
          : { table: 'snapshots', delete: { ...key, version: number } },
    ),
  fc.tuple(itemKey, name, name, fc.integer({ min: 1, max: 2 }), itemState, body).map(
    ([key, queue, tagSet, priority, state, bytes]): RowWrite => ({
      table: 'items',
      put: { ...key, queue, tagSet, priority, state, body: bytes },
    }),
  ),
  itemKey.map((key): RowWrite => ({ table: 'items', delete: key })),
  fc.tuple(incarnationKey, fc.nat(4), maybeTime, body, fc.boolean()).map(([key, order, expireTime, bytes, isPut]) => {
    const signalKey = { ...key, name: NAMES[order % NAMES.length] ?? '', order };
    return (
      isPut
        ? { table: 'signals', put: given({ ...signalKey, expireTime, body: bytes }) }
        : { table: 'signals', delete: signalKey }
    ) as RowWrite;
  }),
  fc.tuple(itemKey, name, time, body, fc.boolean()).map(([key, queue, deadTime, bytes, isPut]): RowWrite => {
    const letterKey = { ...key, deadLetterId: [key.runId, key.incarnation, key.itemId].join(' ') };
    return isPut
      ? { table: 'deadLetters', put: { ...letterKey, queue, deadTime, body: bytes } }
      : { table: 'deadLetters', delete: letterKey };
  }),
  fc
    .tuple(fc.nat(1), fc.nat(2), fc.integer({ min: 1, max: 3 }), body, fc.boolean())
    .map(([sourcePartition, targetPartition, number, bytes, isPut]): RowWrite => {
      const key = { sourcePartition, targetPartition, number };
      return isPut ? { table: 'outbox', put: { ...key, body: bytes } } : { table: 'outbox', delete: key };
    }),
  fc
    .tuple(tenantId, runId, name, time, body, fc.boolean())
    .map(([tenant, run, requestId, expireTime, bytes, isPut]) => {
      const key = { tenantId: tenant, runId: run, rpc: 'StartRun', requestId };
      return (
        isPut ? { table: 'requestIds', put: { ...key, expireTime, body: bytes } } : { table: 'requestIds', delete: key }
      ) as RowWrite;
    }),
);

/** Tells the key of a write from those of others. */
function keyTextOf(write: RowWrite): string {
  const {
    tenantId: tenant,
    runId: run,
    incarnation,
    segment,
    version: number,
    itemId,
    name: signal,
    order,
    ...rest
  } = ('put' in write ? write.put : write.delete) as Record<string, unknown>;
  const { sourcePartition, targetPartition, number: message, rpc, requestId } = rest;
  return JSON.stringify([
    write.table,
    tenant,
    run,
    write.table === 'heads' ? '' : incarnation,
    write.table === 'heads' ? '' : [segment, number, itemId, signal, order],
    [sourcePartition, targetPartition, message, rpc, requestId],
  ]);
}

/** Something that is done to the tables. */
export type Operation =
  | { readonly kind: 'round'; readonly position: number; readonly writes: readonly RowWrite[] }
  | {
      readonly kind: 'deleteIncarnation';
      readonly position: number;
      readonly key: IncarnationKey;
      readonly limit: number;
    }
  | { readonly kind: 'purge'; readonly before: number }
  | {
      readonly kind: 'versioned';
      readonly table: number;
      readonly id: string;
      readonly verb: number;
      readonly body: string;
    }
  | { readonly kind: 'activation'; readonly tenantId: string; readonly name: string; readonly number: number }
  | { readonly kind: 'audit'; readonly tenantId: string; readonly number: number }
  | { readonly kind: 'mark'; readonly partition: number; readonly value: number }
  | { readonly kind: 'reopen' };

const position = fc.integer({ min: 1, max: 20 });

/** Any operation, rounds mostly. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('round' as const),
      position,
      writes: fc.uniqueArray(rowWrite, { selector: keyTextOf, maxLength: 25 }),
    }),
  },
  fc.record({
    kind: fc.constant('deleteIncarnation' as const),
    position,
    key: incarnationKey,
    limit: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ kind: fc.constant('purge' as const), before: fc.integer({ min: 0, max: 20_000 }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('versioned' as const),
      table: fc.nat(6),
      id: name,
      verb: fc.nat(5),
      body: fc.string({ maxLength: 2 }),
    }),
  },
  fc.record({ kind: fc.constant('activation' as const), tenantId, name, number: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('audit' as const), tenantId, number: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('mark' as const), partition: fc.nat(2), value: fc.nat(9) }),
  fc.constant({ kind: 'reopen' as const }),
);
