import type { Document } from 'mongodb';
import type { HeadFilter } from '#libs/store/tables/heads.ts';
import { filterOfAttribute, statusTerm, workflowTerm } from './head-terms.ts';

/** What finds the heads that satisfy a filter; undefined when none can. */
export function filterOfHeads(tenantId: string, filter: HeadFilter): Document | undefined {
  const { statuses = [], workflow, version, attributes = [] } = filter;
  const byTerms = [
    ...(statuses.length === 0 ? [] : [{ $in: statuses.map((status) => statusTerm(tenantId, status)) }]),
    ...(workflow === undefined ? [] : [{ $eq: workflowTerm(tenantId, workflow) }]),
    ...attributes.map((condition) => filterOfAttribute(tenantId, condition)),
  ];
  if (byTerms.includes(undefined)) {
    return undefined;
  }
  return {
    // Terms name the tenant.
    $and: [...(byTerms.length === 0 ? [{ tenantId }] : byTerms.map((terms) => ({ terms }))), startTimesOf(filter)],
    ...(version === undefined ? {} : { version }),
  };
}

function startTimesOf({ startedAtOrAfter, startedBefore }: HeadFilter): Document {
  const bounds = {
    ...(startedAtOrAfter === undefined ? {} : { $gte: startedAtOrAfter }),
    ...(startedBefore === undefined ? {} : { $lt: startedBefore }),
  };
  return Object.keys(bounds).length === 0 ? {} : { startTime: bounds };
}
