import type { AttributeCondition } from '#libs/store/tables/attribute.ts';
import type { HeadFilter } from '#libs/store/tables/heads.ts';
import { equalsOf, type HeadAttributes } from './head-attributes.ts';
import type { HeadGroup, HeadGroups } from './head-groups.ts';
import { createSortedStream, type HeadStream, type HeadStreams, startRangeOf } from './head-stream.ts';

/** What heads are found by. */
export interface HeadIndexes {
  readonly streams: HeadStreams;
  readonly groups: HeadGroups;
  readonly attributes: HeadAttributes;
}

/** Where the heads that a filter wants are looked for, in the order of lists. */
export interface HeadSource {
  readonly streams: readonly HeadStream[];
  /** Whether the filter wants all that the streams have. */
  readonly isExact: boolean;
}

/** A source that may be chosen. */
interface Candidate {
  /** How many heads it has, start times left aside. */
  readonly size: () => number;
  readonly openStreams: () => readonly HeadStream[];
}

/** How far the heads that have a value are counted to find out which index has the fewest. */
const MAX_COUNTED = 10_000;
/** Heads within bounds are not in the order of lists: as many are sorted, in a millisecond. */
const MAX_SORTED = 1_000;

/** Chooses an index that has just what a filter wants, or else the one that has the fewest heads besides. */
export function chooseHeadSource(indexes: HeadIndexes, tenantId: string, filter: HeadFilter): HeadSource {
  const conditions = filter.attributes ?? [];
  const [first, ...others] = conditions;
  if (first !== undefined && 'equals' in first && others.length === 0 && !hasGroupConditions(filter)) {
    return { streams: equalStreams(indexes, tenantId, filter, first), isExact: true };
  }
  const byGroup = groupCandidate(indexes, tenantId, filter);
  if (conditions.length === 0) {
    return { streams: byGroup.openStreams(), isExact: true };
  }
  const candidates = conditions.map((condition) => conditionCandidate(indexes, tenantId, filter, condition));
  const [least] = [byGroup, ...candidates]
    .map((candidate) => ({ ...candidate, heads: candidate.size() }))
    .toSorted((a, b) => a.heads - b.heads);
  return { streams: least?.openStreams() ?? [], isExact: false };
}

function hasGroupConditions({ workflow, version, statuses = [] }: HeadFilter): boolean {
  return workflow !== undefined || version !== undefined || statuses.length > 0;
}

/** All heads, those of some statuses, or those of the groups that a filter wants: each in an index of its own. */
function groupCandidate({ streams, groups }: HeadIndexes, tenantId: string, filter: HeadFilter): Candidate {
  const { workflow, version, statuses = [] } = filter;
  const range = startRangeOf(filter);
  if (!hasGroupConditions(filter)) {
    return { size: () => groups.countAll(tenantId), openStreams: () => [streams.all(tenantId, range)] };
  }
  const readWanted = (): readonly HeadGroup[] => groups.readGroups(tenantId, filter);
  const isByStatus = workflow === undefined && version === undefined;
  return {
    size: () => readWanted().reduce((sum, { count }) => sum + count, 0),
    openStreams: () =>
      isByStatus
        ? [...new Set(statuses)].map((status) => streams.ofStatus(tenantId, status, range))
        : readWanted().map((group) => streams.ofGroup(tenantId, group.workflow, group.version, group.status, range)),
  };
}

function conditionCandidate(
  indexes: HeadIndexes,
  tenantId: string,
  filter: HeadFilter,
  condition: AttributeCondition,
): Candidate {
  if ('equals' in condition) {
    return {
      size: () => indexes.attributes.count(tenantId, condition, MAX_COUNTED),
      openStreams: () => equalStreams(indexes, tenantId, filter, condition),
    };
  }
  // Without a bound, values that are equal to nothing satisfy it too, and no index has them.
  const isBounded = condition.atLeast !== undefined || condition.below !== undefined;
  return {
    size() {
      const size = isBounded ? indexes.attributes.count(tenantId, condition, MAX_SORTED) : MAX_SORTED;
      return size < MAX_SORTED ? size : Number.POSITIVE_INFINITY;
    },
    openStreams: () => [createSortedStream(indexes.attributes.find(tenantId, condition), startRangeOf(filter))],
  };
}

function equalStreams(
  { streams }: HeadIndexes,
  tenantId: string,
  filter: HeadFilter,
  condition: Extract<AttributeCondition, { readonly equals: unknown }>,
): readonly HeadStream[] {
  const { name, equals } = condition;
  return equalsOf(equals).map(([type, value]) => streams.ofValue(tenantId, name, type, value, startRangeOf(filter)));
}
