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
}

/** What a shape lacks for an item, in the order in which it is looked at. */
export type Missing = 'tenant' | 'queue' | 'definition' | 'tags';

/** The part of an item that decides which shapes fit. */
export type Wanted = Pick<ReadyEntry, 'tenantId' | 'queue' | 'workflow' | 'version' | 'tags'>;

/** The first thing that a shape lacks for an item, `undefined` when its workers may have it. */
export function maybeMissing(shape: WorkerShape, wanted: Wanted): Missing | undefined {
  if (shape.tenantId !== wanted.tenantId) return 'tenant';
  if (!shape.queues.has(wanted.queue)) return 'queue';
  const { definitions } = shape;
  if (!definitions.has(ANY_DEFINITION) && !definitions.has(`${wanted.workflow}@${wanted.version}`)) return 'definition';
  return wanted.tags.every((tag) => shape.tags.has(tag)) ? undefined : 'tags';
}

/** A shape as one text: equal for shapes that can do the same. */
export function shapeKey({ tenantId, queues, tags, definitions }: WorkerShape): string {
  return JSON.stringify([tenantId, ...[queues, tags, definitions].map((names) => [...names].toSorted())]);
}
