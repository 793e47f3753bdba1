import { matchesAttribute } from './attribute-match.ts';
import type { HeadFilter, HeadRow } from './heads.ts';

/** The fields that a filter looks at. */
export type FilteredHead = Pick<HeadRow, 'status' | 'workflow' | 'version' | 'startTime' | 'attributes'>;

/** Whether a run's head satisfies a filter. Every store answers the same. */
export function matchesHead(filter: HeadFilter, head: FilteredHead): boolean {
  const { statuses = [], workflow, version, startedAtOrAfter, startedBefore, attributes = [] } = filter;
  return (
    (statuses.length === 0 || statuses.includes(head.status)) &&
    (workflow === undefined || head.workflow === workflow) &&
    (version === undefined || head.version === version) &&
    (startedAtOrAfter === undefined || head.startTime >= startedAtOrAfter) &&
    (startedBefore === undefined || head.startTime < startedBefore) &&
    attributes.every((condition) => matchesAttribute(condition, head.attributes))
  );
}
