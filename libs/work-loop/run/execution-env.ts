import type { DomainError } from '#libs/errors/domain-error.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import type { SendBudget } from '../frames/send-budget.ts';
import type { AssignmentLink } from '../link/assignment-link.ts';
import type { Call } from './call.ts';
import type { CallSites } from './call-sites.ts';
import type { Divergence } from './divergence.ts';
import type { Execution } from './execution.ts';
import type { RunFunction } from './function-run.ts';
import type { PayloadLoader } from './payload-loader.ts';
import type { Turns } from './turns.ts';

/** What the executions of a worker share. */
export interface ExecutionEnv {
  readonly turns: Turns;
  readonly budget: SendBudget;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Gets payloads that the log names. Absent: references are what functions are given. */
  readonly loadPayload: PayloadLoader | undefined;
  /** Remembers where calls are made, which costs more than all the rest of a replay. Absent: nobody does. */
  readonly sites?: CallSites | undefined;
  /**
   * Code and log disagree, and nobody knows where: the run is replayed once more by another execution. Absent: it is not.
   */
  readonly onLost?: (link: AssignmentLink, code: RunFunction, build: string) => void;
  /** What one function may await at once. */
  readonly maxOpenCalls: number;
  /** A run that waits for longer gives its slot back. */
  readonly yieldMs: number;
  /** How long a function that is replayed may do something else before it has diverged. */
  readonly divergenceMs: number;
  /** The function asks for something, in whose call this is. Default: nobody hears of it. */
  readonly onAsked?: (call: Call) => void;
  /** The slot was given back; the execution may go on with a later assignment of the run. */
  readonly onParked: (execution: Execution) => void;
  /** The execution is over. */
  readonly onEnded: (execution: Execution) => void;
  readonly onDiverged: (divergence: Divergence) => void;
  /** Something that concerns one run alone. */
  readonly onTrouble: (error: DomainError) => void;
}
