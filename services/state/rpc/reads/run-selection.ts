import { create, toBinary } from '@bufbuild/protobuf';
import { Driver as DriverMessage } from '#gen/millrace/state/v1/driver_pb.ts';
import { type RunFilter, RunFilterSchema } from '#gen/millrace/state/v1/run_filter_pb.ts';
import { isTerminal, type RunStatus } from '#libs/engine/model/status.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { matchesHead } from '#libs/store/tables/head-match.ts';
import type { HeadFilter } from '#libs/store/tables/heads.ts';
import { driverFromProto } from '../wire/driver.ts';
import { maybeStatusFromProto } from '../wire/status.ts';
import { dueTimeFromTimestamp } from '../wire/timestamp.ts';
import { type AttributeTest, attributeTestFrom } from './attribute-condition.ts';
import type { ListedRun } from './listed-run.ts';

/** Which runs a list holds. */
export interface RunSelection {
  /** What the store looks for among the newest incarnations. Absent: no run can be meant. */
  readonly lookup: HeadFilter | undefined;
  /** The store's answer is the list: nothing else is looked at. */
  readonly isExact: boolean;
  readonly includesReplaced: boolean;
  /** Whether an incarnation is meant. */
  matches(run: ListedRun): Promise<boolean>;
  /** Everything that was asked for, as one text that page tokens are bound to. */
  readonly text: string;
}

/**
 * Reads a filter; absent: every run.
 *
 * @throws INVALID_FIELDS for a comparison that compares nothing, and moments that are none.
 */
export function selectionFrom(filter: RunFilter = create(RunFilterSchema)): RunSelection {
  const tests = filter.attributes.map((attribute, index) =>
    attributeTestFrom(attribute, `filter.attributes[${index}]`),
  );
  const ends = endTimesOf(filter);
  const found: HeadFilter = { ...fieldsOf(filter, ends), attributes: tests.map(({ lookup }) => lookup) };
  const statuses = statusesOf(filter, ends !== undefined);
  const inRow = rowTestsOf(filter, tests, ends);
  const inBody = bodyTestsOf(filter);
  const full = statuses === undefined ? found : { ...found, statuses };
  const includesReplaced = filter.includeReplaced;
  return {
    lookup: statuses?.length === 0 ? undefined : includesReplaced ? startedSince(found) : full,
    isExact: inRow.length === 0 && inBody.length === 0 && !includesReplaced,
    includesReplaced,
    matches: async (run) => {
      if (includesReplaced && !matchesHead(full, run)) return false;
      if (!inRow.every((test) => test(run))) return false;
      if (inBody.length === 0) return true;
      const hot = await run.load();
      return hot !== undefined && inBody.every((test) => test(hot));
    },
    text: Buffer.from(toBinary(RunFilterSchema, filter)).toString('base64'),
  };
}

interface EndTimes {
  readonly atOrAfter: number;
  readonly before: number;
}

function endTimesOf({ minEndTime, maxEndTime }: RunFilter): EndTimes | undefined {
  if (minEndTime === undefined && maxEndTime === undefined) return undefined;
  return {
    atOrAfter: minEndTime === undefined ? 0 : dueTimeFromTimestamp(minEndTime, 'filter.min_end_time'),
    before: maxEndTime === undefined ? Infinity : dueTimeFromTimestamp(maxEndTime, 'filter.max_end_time'),
  };
}

function fieldsOf(
  { workflow, version, minStartTime, maxStartTime }: RunFilter,
  ends: EndTimes | undefined,
): HeadFilter {
  const maxStart = maxStartTime === undefined ? Infinity : dueTimeFromTimestamp(maxStartTime, 'filter.max_start_time');
  // What ended before a moment was created before it.
  const startedBefore = Math.min(maxStart, ends?.before ?? Infinity);
  return {
    ...(workflow === '' ? {} : { workflow }),
    ...(version === '' ? {} : { version }),
    ...(minStartTime === undefined
      ? {}
      : { startedAtOrAfter: dueTimeFromTimestamp(minStartTime, 'filter.min_start_time') }),
    ...(startedBefore === Infinity ? {} : { startedBefore }),
  };
}

/** Absent: any. Empty: none can be meant. */
function statusesOf({ statuses }: RunFilter, hasEnded: boolean): readonly RunStatus[] | undefined {
  const named = new Set(statuses.map(maybeStatusFromProto).filter((status) => status !== undefined));
  if (!hasEnded) return named.size === 0 ? undefined : [...named];
  const ended = ALL_STATUSES.filter(isTerminal);
  return named.size === 0 ? ended : ended.filter((status) => named.has(status));
}

/** Every status that a run may have. */
export const ALL_STATUSES: readonly RunStatus[] = [
  'PENDING',
  'RUNNING',
  'PAUSED',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
];

/** An incarnation that was replaced started before its run's newest one: of all conditions that is known of this alone. */
function startedSince({ startedAtOrAfter }: HeadFilter): HeadFilter {
  return startedAtOrAfter === undefined ? {} : { startedAtOrAfter };
}

function rowTestsOf(
  { runIdPrefix }: RunFilter,
  tests: readonly AttributeTest[],
  ends: EndTimes | undefined,
): readonly ((run: ListedRun) => boolean)[] {
  const rowTests: ((run: ListedRun) => boolean)[] = [];
  if (runIdPrefix !== '') rowTests.push(({ runId }) => runId.startsWith(runIdPrefix));
  if (ends !== undefined) {
    const { atOrAfter, before } = ends;
    rowTests.push(({ closeTime = -1 }) => closeTime >= atOrAfter && closeTime < before);
  }
  for (const { matches } of tests) if (matches !== undefined) rowTests.push(({ attributes }) => matches(attributes));
  return rowTests;
}

function bodyTestsOf(filter: RunFilter): readonly ((hot: HotRun) => boolean)[] {
  const { driver, parentRunId, tags, definitionHash } = filter;
  const bodyTests: ((hot: HotRun) => boolean)[] = [];
  if (driver !== DriverMessage.UNSPECIFIED) {
    const wanted = driverFromProto(driver);
    bodyTests.push(({ identity }) => identity.driver === wanted);
  }
  if (parentRunId !== '') bodyTests.push(({ run }) => run.parent?.runId === parentRunId);
  if (definitionHash !== '') bodyTests.push(({ run }) => run.definitionHash === definitionHash);
  if (tags.length > 0) bodyTests.push(({ run }) => tags.every((tag) => run.tags.includes(tag)));
  return bodyTests;
}
