import { DomainError } from '#libs/errors/domain-error.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { runIdKey } from '../mailboxes/run-id-key.ts';
import type { DivergenceNoted } from '../state/partition-event.ts';
import type { Clock } from '../timers/clock.ts';
import type { Partition } from './partition.ts';
import type { RunVisit } from './run-visit.ts';
import type { RunningRuns } from './running-runs.ts';

/** Runs that are looked at in one go: each may have to be loaded. */
const MAX_VISITS = 64;
/** When runs are looked at again for which nothing could be decided. */
const RETRY_MS = 1_000;

/** What is needed to let runs go on that diverged. */
export interface LiftOptions {
  readonly partition: Pick<Partition, 'state' | 'visit' | 'record'>;
  readonly clock: Clock;
  /** Where runs are found that are known by themselves alone. */
  readonly running: RunningRuns;
  readonly onTrouble: (what: string, error: unknown) => void;
}

/** Lets runs of a partition go on that diverged, once their code has another build. */
export interface DivergenceLift {
  /** A worker announced a build of a definition, named `workflow@version`. Answers at once; the runs go on behind. */
  announce(tenantId: string, name: string, build: string): void;
  /** The partition is not served any more. */
  stop(): void;
}

interface Announced {
  readonly tenantId: string;
  readonly name: string;
  readonly build: string;
}

/**
 * Makes the lift of a partition. It goes through the runs in slices, one announcement after the other; announcements
 * that say the same wait once. A run for which nothing can be decided now is looked at again.
 */
export function startDivergenceLift({ partition, clock, running, onTrouble }: LiftOptions): DivergenceLift {
  const { diverged } = partition.state;
  const waiting = new Map<string, Announced>();
  let isRunning = false;
  let isStopped = false;
  let cancelTimer: (() => void) | undefined;

  async function run(): Promise<void> {
    isRunning = true;
    const again = new Map<string, Announced>();
    for (const [key, announced] of waiting) {
      waiting.delete(key);
      if (!(await lift(announced)) && !isStopped) again.set(key, announced);
      if (isStopped) return;
    }
    isRunning = false;
    if (again.size === 0) return;
    for (const [key, announced] of again) waiting.set(key, announced);
    cancelTimer ??= clock.setTimer(RETRY_MS, () => {
      cancelTimer = undefined;
      start();
    });
  }

  function start(): void {
    if (!isRunning && waiting.size > 0) run().catch((error: unknown) => onTrouble('a bug', error));
  }

  /** Answers false when some of the runs have to be looked at again. */
  async function lift(announced: Announced): Promise<boolean> {
    const { tenantId, name, build } = announced;
    const isDone = await liftAll(diverged.ofOtherBuilds(tenantId, name, build), build);
    const rest = diverged.maybeRest(tenantId, name);
    if (rest === undefined || isStopped) return isDone;
    try {
      return (await liftRest(rest, build)) && isDone;
    } catch (error) {
      if (!isStopped) onTrouble('runs that wait for another build cannot be read', error);
      return false;
    }
  }

  /** Looks at every run of a definition, because not all that diverged are noted. */
  async function liftRest(rest: DivergenceNoted, build: string): Promise<boolean> {
    const { tenantId, runId, workflow, version } = rest;
    const before = diverged.leftOutCount;
    let isDone = true;
    for await (const runs of running(tenantId, workflow, version)) {
      if (isStopped) return true;
      if (!(await liftAll(runs, build))) isDone = false;
    }
    // Those that go on waiting have been noted meanwhile, where there was room for them.
    if (isDone && diverged.leftOutCount === before) partition.record({ kind: 'divergenceLifted', tenantId, runId });
    return isDone;
  }

  async function liftAll(runs: readonly RunKey[], build: string): Promise<boolean> {
    let isDone = true;
    for (let at = 0; at < runs.length && !isStopped; at += MAX_VISITS) {
      const slice = runs.slice(at, at + MAX_VISITS);
      const lifted = await Promise.all(slice.map((one) => liftOne(one, build)));
      if (lifted.includes(false)) isDone = false;
    }
    return isDone;
  }

  function liftOne(one: RunKey, build: string): Promise<boolean> {
    return new Promise((resolve) => {
      partition.visit(one, {
        intent: 'announceBuild',
        act: (visit) => {
          // What is true of the run now is noted at the end of the visit, whatever this leads to.
          const { hot } = visit;
          if (hot !== undefined) {
            hot.avoidedBuild = hot.run.divergence?.build ?? hot.avoidedBuild;
            visit.perform({ kind: 'announceBuild', build });
          }
          resolve(true);
        },
        fail: (error) => {
          const isLater = error instanceof DomainError && RETRIED.has(error.reason);
          if (!isLater && !isStopped) onTrouble(`run ${one.runId} waits for another build in vain`, error);
          resolve(!isLater);
        },
      });
    });
  }

  return {
    announce: (tenantId, name, build) => {
      if (isStopped || diverged.size === 0) return;
      waiting.set(`${tenantId.length}:${tenantId}${name.length}:${name}${build}`, { tenantId, name, build });
      start();
    },
    stop: () => {
      isStopped = true;
      waiting.clear();
      cancelTimer?.();
    },
  };
}

const RETRIED: ReadonlySet<string> = new Set(['UNAVAILABLE', 'OVERLOADED']);

/** Notes in the record of a visit whether the run waits for another build from now on, where that is not known. */
export function noteDivergence(visit: RunVisit, { diverged }: Partition['state'], isForgotten: boolean): void {
  const { hot, key } = visit;
  const divergence = isForgotten ? undefined : hot?.run.divergence;
  if (divergence === undefined && diverged.size === 0) return;
  const known = diverged.get(hot?.id ?? runIdKey(key));
  const { tenantId, runId } = key;
  if (hot === undefined || divergence === undefined) {
    if (known !== undefined) visit.record({ kind: 'divergenceLifted', tenantId, runId });
    return;
  }
  const { incarnation } = hot.identity;
  const { build } = divergence;
  if (known?.incarnation === incarnation && known.build === build) return;
  const { workflow, version } = hot.run;
  const noted = { kind: 'divergenceNoted', tenantId, runId, incarnation, workflow, version, build } as const;
  if (known !== undefined || !diverged.isLeftOut(noted)) visit.record(noted);
}
