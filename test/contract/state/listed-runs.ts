import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { vi } from 'vitest';
import type { AttributeValue, AttributeValueSchema } from '#gen/millrace/state/v1/attribute_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { AttributeOperator, type RunFilter, type RunFilterSchema } from '#gen/millrace/state/v1/run_filter_pb.ts';
import type { Run } from '#gen/millrace/state/v1/run_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { RunCalls } from './run-calls.ts';
import { ROOT } from './serve-state.ts';

/** A value of an attribute. */
export type ValueInit = Exclude<MessageInitShape<typeof AttributeValueSchema>, AttributeValue>;
/** Which runs a list is to hold. */
export type FilterInit = Exclude<MessageInitShape<typeof RunFilterSchema>, RunFilter>;

/** A moment that attributes have. */
const AT = Date.UTC(2026, 5, 1, 12);
const MAX_INT64 = 2n ** 63n - 1n;
const { EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL, PREFIX, EXISTS } = AttributeOperator;

/** A text as an attribute. */
export const keyword = (value: string): ValueInit => ({ kind: { case: 'keywordValue', value } });
/** A whole number as an attribute. */
export const integer = (value: bigint): ValueInit => ({ kind: { case: 'integerValue', value } });
/** A number as an attribute. */
const double = (value: number): ValueInit => ({ kind: { case: 'doubleValue', value } });
/** Several texts as an attribute. */
export const keywords = (...values: string[]): ValueInit => ({ kind: { case: 'keywordList', value: { values } } });
const boolean = (value: boolean): ValueInit => ({ kind: { case: 'booleanValue', value } });
const moment = (value: number): ValueInit => ({ kind: { case: 'pointInTime', value: timestampFromMs(value) } });

/** Starts runs of every kind: of two workflows and versions, in six statuses, with attributes, tags and a parent. */
export async function startListedRuns({ tenantId, runs, start, put, worker }: RunCalls): Promise<void> {
  await put('bill', '1');
  await put('bill', '2');
  const eu = { region: keyword('eu'), amount: integer(5n), ratio: double(0.5), vip: boolean(true) };
  await start('a-1', { attributes: { ...eu, labels: keywords('x', 'y') }, tags: ['gpu', 'eu'] });
  const west = { region: keyword('eu-west'), amount: integer(10n), at: moment(AT) };
  await start('a-2', { attributes: west, tags: ['gpu'] });
  await start('a-3', { attributes: { region: keyword('us'), vip: boolean(false), labels: keywords('y', 'z') } });
  const bill = { workflow: 'bill', version: '1' };
  await start('b-1', { ...bill, attributes: { amount: integer(MAX_INT64), ratio: double(2) } });
  await start('b-2', { ...bill, attributes: { ratio: double(-1), at: moment(AT + 1) } });
  await start('b-3', { ...bill, version: '' });
  await runs.pauseRun({ tenantId, runId: 'b-1' }, ROOT);
  await runs.cancelRun({ tenantId, runId: 'b-2' }, ROOT);
  await runs.terminateRun({ tenantId, runId: 'b-3' }, ROOT);
  await using one = await worker('w-1', { slots: 2 });
  await start('c-1');
  await start('c-2', { queue: 'nobody' });
  await one.complete(await one.assigned('a-3'), 0);
  const { handle } = await one.assigned('c-1');
  const child = { handle, ordinal: 1, name: 'child', workflow: 'bill', version: '2', runId: 'c-3' };
  one.send({ startChild: [child] });
  await vi.waitFor(() => runs.getRun({ tenantId, runId: 'c-3' }, ROOT));
}

const { PENDING, RUNNING, PAUSED, COMPLETED, FAILED, CANCELLED, TERMINATED } = RunStatus;

const ALL: readonly string[] = ['a-1', 'a-2', 'a-3', 'b-1', 'b-2', 'b-3', 'c-1', 'c-2', 'c-3'];
const attribute = (name: string, operator: AttributeOperator, value?: ValueInit): FilterInit => ({
  attributes: [value === undefined ? { name, operator } : { name, operator, value }],
});

/** A filter, made of the runs by id where it names moments or hashes of them, and the ids that it finds. */
export type FilterCase = readonly [
  name: string,
  filter: FilterInit | ((runs: ReadonlyMap<string, Run>) => FilterInit),
  ids: readonly string[],
];

/** Every field and operator of a filter, on the runs that `startListedRuns` starts. */
export const FILTER_CASES: readonly FilterCase[] = [
  ['none', {}, ALL],
  ['a status', { statuses: [PENDING] }, ['a-1', 'a-2', 'c-2', 'c-3']],
  ['statuses, one of them twice', { statuses: [PAUSED, RUNNING, PAUSED] }, ['b-1', 'c-1']],
  ['a status that nothing has', { statuses: [FAILED] }, []],
  ['the ends', { statuses: [COMPLETED, CANCELLED, TERMINATED] }, ['a-3', 'b-2', 'b-3']],
  ['a workflow', { workflow: 'bill' }, ['b-1', 'b-2', 'b-3', 'c-3']],
  ['a version', { version: '2' }, ['b-3', 'c-3']],
  ['workflow, version and status', { workflow: 'bill', version: '1', statuses: [PAUSED] }, ['b-1']],
  ['a driver', { driver: Driver.SERVER }, ALL],
  ['the other driver', { driver: Driver.CLIENT }, []],
  ['a prefix', { runIdPrefix: 'b-' }, ['b-1', 'b-2', 'b-3']],
  ['a prefix that is an id', { runIdPrefix: 'c-3' }, ['c-3']],
  ['a parent', { parentRunId: 'c-1' }, ['c-3']],
  ['a tag', { tags: ['gpu'] }, ['a-1', 'a-2']],
  ['tags', { tags: ['eu', 'gpu'] }, ['a-1']],
  ['a hash', (runs) => ({ definitionHash: runs.get('c-3')?.definitionHash ?? '' }), ['b-3', 'c-3']],
  ['an end', { minEndTime: timestampFromMs(0) }, ['a-3', 'b-2', 'b-3']],
  ['an end and a status', { minEndTime: timestampFromMs(0), statuses: [COMPLETED, RUNNING] }, ['a-3']],
  ['an end and a status that has none', { minEndTime: timestampFromMs(0), statuses: [RUNNING] }, []],
  ['an end at a moment or later', (runs) => ({ minEndTime: endOf(runs, 'a-3') }), ['a-3']],
  ['an end before a moment', (runs) => ({ maxEndTime: endOf(runs, 'a-3') }), ['b-2', 'b-3']],
  ['a create time at a moment or later', (runs) => ({ minStartTime: createOf(runs, 'c-3') }), ['c-3']],
  ['a create time a nanosecond later', (runs) => ({ minStartTime: later(createOf(runs, 'c-3')) }), []],
  ['a create time before a moment', (runs) => ({ maxStartTime: createOf(runs, 'a-1') }), []],
  ['a create time before the next', (runs) => ({ maxStartTime: later(createOf(runs, 'c-3')) }), ALL],
  ['EQUAL, which is the default', attribute('region', AttributeOperator.UNSPECIFIED, keyword('eu')), ['a-1']],
  ['EQUAL of one in a list', attribute('labels', EQUAL, keyword('y')), ['a-1', 'a-3']],
  ['EQUAL to one of several', attribute('region', EQUAL, keywords('us', 'eu', 'none')), ['a-1', 'a-3']],
  ['EQUAL to one of one', attribute('labels', EQUAL, keywords('z')), ['a-3']],
  ['EQUAL of another type', attribute('region', EQUAL, integer(1n)), []],
  ['EQUAL of a moment', attribute('at', EQUAL, moment(AT)), ['a-2']],
  ['NOT_EQUAL', attribute('region', NOT_EQUAL, keyword('eu')), ['a-2', 'a-3']],
  ['NOT_EQUAL to any of several', attribute('region', NOT_EQUAL, keywords('eu', 'us')), ['a-2']],
  ['NOT_EQUAL of a list', attribute('labels', NOT_EQUAL, keyword('x')), ['a-3']],
  ['NOT_EQUAL of a boolean', attribute('vip', NOT_EQUAL, boolean(true)), ['a-3']],
  ['LESS', attribute('amount', LESS, integer(10n)), ['a-1']],
  ['LESS of a double', attribute('ratio', LESS, double(0.5)), ['b-2']],
  ['LESS_OR_EQUAL', attribute('amount', LESS_OR_EQUAL, integer(10n)), ['a-1', 'a-2']],
  ['LESS_OR_EQUAL to the largest', attribute('amount', LESS_OR_EQUAL, integer(MAX_INT64)), ['a-1', 'a-2', 'b-1']],
  ['LESS_OR_EQUAL of a double', attribute('ratio', LESS_OR_EQUAL, double(0.5)), ['a-1', 'b-2']],
  ['LESS_OR_EQUAL of a keyword', attribute('region', LESS_OR_EQUAL, keyword('eu-west')), ['a-1', 'a-2']],
  ['LESS_OR_EQUAL of a boolean', attribute('vip', LESS_OR_EQUAL, boolean(false)), ['a-3']],
  ['LESS_OR_EQUAL of a list', attribute('labels', LESS_OR_EQUAL, keyword('z')), []],
  ['GREATER', attribute('amount', GREATER, integer(5n)), ['a-2', 'b-1']],
  ['GREATER than the largest', attribute('amount', GREATER, integer(MAX_INT64)), []],
  ['GREATER of a double', attribute('ratio', GREATER, double(0.5)), ['b-1']],
  ['GREATER of a moment', attribute('at', GREATER, moment(AT)), ['b-2']],
  ['GREATER_OR_EQUAL', attribute('amount', GREATER_OR_EQUAL, integer(10n)), ['a-2', 'b-1']],
  ['PREFIX', attribute('region', PREFIX, keyword('eu')), ['a-1', 'a-2']],
  ['PREFIX of nothing', attribute('region', PREFIX, keyword('')), ['a-1', 'a-2', 'a-3']],
  ['PREFIX that is longer', attribute('region', PREFIX, keyword('eu-westward')), []],
  ['EXISTS', attribute('vip', EXISTS), ['a-1', 'a-3']],
  ['EXISTS, whatever the value', attribute('vip', EXISTS, keyword('x')), ['a-1', 'a-3']],
  [
    'every comparison at once',
    {
      attributes: [
        { name: 'region', operator: PREFIX, value: keyword('e') },
        { name: 'amount', operator: LESS_OR_EQUAL, value: integer(10n) },
        { name: 'ratio', operator: EXISTS },
      ],
      tags: ['gpu'],
      statuses: [PENDING],
    },
    ['a-1'],
  ],
];

function createOf(runs: ReadonlyMap<string, Run>, runId: string): Timestamp {
  return runs.get(runId)?.createTime ?? timestampFromMs(0);
}

function endOf(runs: ReadonlyMap<string, Run>, runId: string): Timestamp {
  return runs.get(runId)?.endTime ?? timestampFromMs(0);
}

function later({ seconds, nanos, $typeName }: Timestamp): Timestamp {
  return { $typeName, seconds, nanos: nanos + 1 };
}

/** The order of lists: by create time, newest first, then by id. */
export function inListOrder(runs: readonly Run[]): readonly Run[] {
  return runs.toSorted(
    (a, b) =>
      timestampMs(b.createTime ?? timestampFromMs(0)) - timestampMs(a.createTime ?? timestampFromMs(0)) ||
      (a.runId < b.runId ? -1 : 1),
  );
}
