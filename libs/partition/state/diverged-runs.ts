import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { DivergenceNoted } from './partition-event.ts';

/** Bytes of what is noted: it stands in the checkpoint, which is one row. Some thirty thousand runs of usual names. */
const MAX_BYTES: number = 4 * 1024 * 1024;
/** Numbers and lengths of one of them. */
const RUN_BYTES = 64;
/** Begins the place of a run id where a definition stands for its runs: run ids have no such character. */
const REST = '\0';

/**
 * The runs of a partition that wait for another build of their code. So many have room; where a definition has more, that
 * is noted of it, and the rest is known by the runs themselves.
 */
export interface DivergedRuns {
  readonly size: number;
  /** How often a run was found without room. */
  readonly leftOutCount: number;
  /** The runs, and the definitions that have more, in no order that means anything. */
  values(): IterableIterator<DivergenceNoted>;
  /** The divergence of a run, by its tenant and id as one text. */
  get(id: string): DivergenceNoted | undefined;
  /** A run diverged, in place of what is known of it. Without room it is one of the rest of its definition. */
  add(diverged: DivergenceNoted): void;
  /** Whether a run that is not noted has no room and is known to be one of the rest. */
  isLeftOut(diverged: DivergenceNoted): boolean;
  /** A run waits no more. */
  delete(id: string): void;
  /** The runs of a definition that diverged under another build than this one. Name: `workflow@version`. */
  ofOtherBuilds(tenantId: string, name: string, build: string): readonly DivergenceNoted[];
  /** What stands for the runs of a definition that had no room. Absent: all had. */
  maybeRest(tenantId: string, name: string): DivergenceNoted | undefined;
}

/** Makes the table of the runs that diverged, without any. A build that is announced again and again costs a look each time. */
export function createDivergedRuns(maxBytes: number = MAX_BYTES): DivergedRuns {
  const byId = new Map<string, DivergenceNoted>();
  const byDefinition = new Map<string, Map<string, Map<string, DivergenceNoted>>>();
  let bytes = 0;
  let leftOutCount = 0;

  function remove(id: string): void {
    const known = byId.get(id);
    if (known === undefined) return;
    byId.delete(id);
    bytes -= bytesOf(known);
    if (isRest(known)) return;
    const definition = definitionOf(known);
    const builds = byDefinition.get(definition);
    const runs = builds?.get(known.build);
    runs?.delete(id);
    if (runs?.size === 0) builds?.delete(known.build);
    if (builds?.size === 0) byDefinition.delete(definition);
  }

  function put(id: string, diverged: DivergenceNoted): void {
    byId.set(id, diverged);
    bytes += bytesOf(diverged);
  }

  function hasRoom(diverged: DivergenceNoted): boolean {
    if (bytes + bytesOf(diverged) <= maxBytes) return true;
    leftOutCount += 1;
    return false;
  }

  return {
    get size() {
      return byId.size;
    },
    get leftOutCount() {
      return leftOutCount;
    },
    values: () => byId.values(),
    get: (id) => byId.get(id),
    add: (diverged) => {
      const id = runIdKey(diverged);
      remove(id);
      if (!isRest(diverged) && !hasRoom(diverged)) {
        const rest = restOf(diverged);
        const restId = runIdKey(rest);
        if (!byId.has(restId)) put(restId, rest);
        return;
      }
      put(id, diverged);
      if (isRest(diverged)) return;
      const definition = definitionOf(diverged);
      const builds = byDefinition.get(definition) ?? new Map<string, Map<string, DivergenceNoted>>();
      const runs = builds.get(diverged.build) ?? new Map<string, DivergenceNoted>();
      runs.set(id, diverged);
      builds.set(diverged.build, runs);
      byDefinition.set(definition, builds);
    },
    isLeftOut: (diverged) => !hasRoom(diverged) && byId.has(runIdKey(restOf(diverged))),
    delete: remove,
    ofOtherBuilds: (tenantId, name, build) => {
      const found: DivergenceNoted[] = [];
      for (const [diverged, runs] of byDefinition.get(definitionKey(tenantId, name)) ?? []) {
        if (diverged !== build) for (const one of runs.values()) found.push(one);
      }
      return found;
    },
    maybeRest: (tenantId, name) => byId.get(runIdKey({ tenantId, runId: `${REST}${name}` })),
  };
}

function isRest({ runId }: DivergenceNoted): boolean {
  return runId.startsWith(REST);
}

function restOf(diverged: DivergenceNoted): DivergenceNoted {
  const { workflow, version } = diverged;
  return { ...diverged, runId: `${REST}${workflow}@${version}`, incarnation: '', build: '' };
}

/** At least what an event of it has in a checkpoint. */
function bytesOf({ tenantId, runId, incarnation, workflow, version, build }: DivergenceNoted): number {
  let bytes = RUN_BYTES;
  for (const text of [tenantId, runId, incarnation, workflow, version, build]) bytes += Buffer.byteLength(text);
  return bytes;
}

function definitionOf({ tenantId, workflow, version }: DivergenceNoted): string {
  return definitionKey(tenantId, `${workflow}@${version}`);
}

function definitionKey(tenantId: string, name: string): string {
  return `${tenantId.length}:${tenantId}${name}`;
}
