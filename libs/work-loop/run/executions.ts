import { PassingMap } from '#libs/collections/passing-map.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import type { SendBudget } from '../frames/send-budget.ts';
import type { AssignmentLink } from '../link/assignment-link.ts';
import type { WorkerFunction, WorkerLimits } from '../worker-options.ts';
import { createCallSites } from './call-sites.ts';
import type { Divergence } from './divergence.ts';
import { Execution } from './execution.ts';
import type { ExecutionEnv } from './execution-env.ts';
import type { PayloadLoader } from './payload-loader.ts';
import { createTurns } from './turns.ts';

/** The executions of a worker. */
export interface Executions {
  /** Runs that are kept without an assignment. */
  readonly parked: number;
  /** Works on an assignment: goes on with what is kept of its run, or calls the function anew. */
  take(link: AssignmentLink, code: WorkerFunction): void;
  /** Begins nothing new; what runs is recorded, then the work goes back. */
  hold(reason: string): void;
  /** Goes on with what was held. */
  goOn(): void;
  /** Gives everything back at once. */
  handBack(reason: string): void;
  end(reason: Error): void;
}

/** What executions are made with. */
export interface ExecutionsOptions {
  readonly limits: WorkerLimits;
  readonly budget: SendBudget;
  readonly clock: Clock;
  readonly random: () => number;
  readonly loadPayload: PayloadLoader | undefined;
  readonly onTrouble: (error: DomainError) => void;
  readonly onDiverged: (divergence: Divergence) => void;
}

/** Makes the executions of a worker: there is never more than one of a run. */
export function createExecutions(options: ExecutionsOptions): Executions {
  const { limits, budget, clock, random, loadPayload, onTrouble, onDiverged } = options;
  const active = new PassingMap<string, Execution>();
  const parked = new PassingMap<string, Execution>();
  let holdReason: string | undefined;
  const env: ExecutionEnv = {
    turns: createTurns(),
    budget,
    clock,
    random,
    loadPayload,
    maxOpenCalls: limits.maxOpenCalls,
    yieldMs: limits.yieldMs,
    divergenceMs: limits.divergenceMs,
    onParked: (execution) => {
      const { incarnation } = execution.facts;
      active.delete(incarnation);
      parked.set(incarnation, execution);
      for (const oldest of parked.values()) {
        if (holdReason === undefined && parked.size <= limits.maxParked) return;
        oldest.end(new DomainError('CALLER_GONE', 'the run is kept no longer'));
      }
    },
    onEnded: (execution) => {
      const { incarnation } = execution.facts;
      if (active.get(incarnation) === execution) active.delete(incarnation);
      if (parked.get(incarnation) === execution) parked.delete(incarnation);
    },
    onLost: (link, code, build) => start(new Execution({ ...env, sites: createCallSites() }, code, build, link)),
    onDiverged,
    onTrouble,
  };

  function start(execution: Execution): void {
    active.set(execution.facts.incarnation, execution);
    if (holdReason !== undefined) execution.hold(holdReason);
    execution.start();
  }

  return {
    get parked() {
      return parked.size;
    },
    take: (link, { code, build = '' }) => {
      const { incarnation } = link.assignment;
      active.get(incarnation)?.abandon(new DomainError('LEASE_LOST', 'the run was assigned anew'));
      const kept = parked.get(incarnation);
      parked.delete(incarnation);
      if (kept?.resume(link) === true) {
        active.set(incarnation, kept);
        return;
      }
      kept?.end(new DomainError('LEASE_LOST', 'the run went on elsewhere'));
      start(new Execution(env, code, build, link));
    },
    hold: (reason) => {
      holdReason = reason;
      for (const execution of active.values()) execution.hold(reason);
      for (const execution of parked.values()) execution.end(new DomainError('CALLER_GONE', reason));
    },
    goOn: () => {
      holdReason = undefined;
      for (const execution of active.values()) execution.goOn();
    },
    handBack: (reason) => {
      for (const execution of active.values()) execution.handBack(reason);
    },
    end: (reason) => {
      for (const execution of [...active.values(), ...parked.values()]) execution.end(reason);
    },
  };
}
