import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { DivergenceNoted } from './partition-event.ts';

/** The runs of a partition that wait for another build of their code. */
export interface DivergedRuns {
  readonly size: number;
  /** The runs, in no order that means anything. */
  values(): IterableIterator<DivergenceNoted>;
  /** The divergence of a run, by its tenant and id as one text. */
  get(id: string): DivergenceNoted | undefined;
  /** A run diverged, in place of what is known of it. */
  add(diverged: DivergenceNoted): void;
  /** A run waits no more. */
  delete(id: string): void;
  /** The runs of a definition that diverged under another build than this one. Name: `workflow@version`. */
  ofOtherBuilds(tenantId: string, name: string, build: string): readonly DivergenceNoted[];
}

/** Makes the table of the runs that diverged, without any. A build that is announced again and again costs a look each time. */
export function createDivergedRuns(): DivergedRuns {
  const byId = new Map<string, DivergenceNoted>();
  const byDefinition = new Map<string, Map<string, Map<string, DivergenceNoted>>>();

  function remove(id: string): void {
    const known = byId.get(id);
    if (known === undefined) return;
    byId.delete(id);
    const definition = definitionOf(known);
    const builds = byDefinition.get(definition);
    const runs = builds?.get(known.build);
    runs?.delete(id);
    if (runs?.size === 0) builds?.delete(known.build);
    if (builds?.size === 0) byDefinition.delete(definition);
  }

  return {
    get size() {
      return byId.size;
    },
    values: () => byId.values(),
    get: (id) => byId.get(id),
    add: (diverged) => {
      const id = runIdKey(diverged);
      remove(id);
      byId.set(id, diverged);
      const definition = definitionOf(diverged);
      const builds = byDefinition.get(definition) ?? new Map<string, Map<string, DivergenceNoted>>();
      const runs = builds.get(diverged.build) ?? new Map<string, DivergenceNoted>();
      runs.set(id, diverged);
      builds.set(diverged.build, runs);
      byDefinition.set(definition, builds);
    },
    delete: remove,
    ofOtherBuilds: (tenantId, name, build) => {
      const found: DivergenceNoted[] = [];
      for (const [diverged, runs] of byDefinition.get(definitionKey(tenantId, name)) ?? []) {
        if (diverged !== build) for (const one of runs.values()) found.push(one);
      }
      return found;
    },
  };
}

function definitionOf({ tenantId, workflow, version }: DivergenceNoted): string {
  return definitionKey(tenantId, `${workflow}@${version}`);
}

function definitionKey(tenantId: string, name: string): string {
  return `${tenantId.length}:${tenantId}${name}`;
}
