import { plainTenant } from '#libs/store/tables/free-tenant.ts';
import type { ReadyEntry } from './ready-entry.ts';

/** Stands in a shape's definitions for every definition. */
export const ANY_DEFINITION = '*';

/** What a worker can do: the workers of one shape get the same items. */
export interface WorkerShape {
  readonly tenantId: string;
  readonly queues: ReadonlySet<string>;
  /** It gets untagged items too. */
  readonly tags: ReadonlySet<string>;
  /** `workflow@version` each, or `ANY_DEFINITION`. */
  readonly definitions: ReadonlySet<string>;
  /** The builds of its code, by definition, as far as they were said. Absent: none was. */
  readonly builds?: ReadonlyMap<string, string>;
}

/** What a shape lacks for an item, in the order in which it is looked at. */
export type Missing = 'tenant' | 'queue' | 'definition' | 'build' | 'tags';

/** The part of an item that decides which shapes fit. */
export type Wanted = Pick<ReadyEntry, 'tenantId' | 'queue' | 'workflow' | 'version' | 'tags' | 'avoidedBuild'>;

/** The first thing that a shape lacks for an item, `undefined` when its workers may have it. */
export function maybeMissing(shape: WorkerShape, wanted: Wanted): Missing | undefined {
  // Free items stand in lists of their own, beside those of the tenant's runs: what a claim compares are the heads.
  if (shape.tenantId !== plainTenant(wanted.tenantId)) return 'tenant';
  if (!shape.queues.has(wanted.queue)) return 'queue';
  const { definitions } = shape;
  if (!definitions.has(ANY_DEFINITION) && !definitions.has(`${wanted.workflow}@${wanted.version}`)) return 'definition';
  const { avoidedBuild } = wanted;
  if (avoidedBuild !== undefined && shape.builds?.get(`${wanted.workflow}@${wanted.version}`) === avoidedBuild) {
    return 'build';
  }
  return wanted.tags.every((tag) => shape.tags.has(tag)) ? undefined : 'tags';
}

/** A shape as one text: equal for shapes that can do the same. */
export function shapeKey({ tenantId, queues, tags, definitions, builds = NO_BUILDS }: WorkerShape): string {
  const names = [queues, tags, definitions].map((set) => [...set].toSorted());
  return JSON.stringify([tenantId, ...names, [...builds].toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

const NO_BUILDS: ReadonlyMap<string, string> = new Map();

/** The builds that are said of definitions, by `workflow@version`. */
export function buildsOf(announced: ReadonlyMap<string, { readonly build: string }>): ReadonlyMap<string, string> {
  const builds = new Map<string, string>();
  for (const [name, { build }] of announced) if (build !== '') builds.set(name, build);
  return builds;
}
