import type { StepOptions } from '#libs/work-loop/run/function-run.ts';
import type { StandardSchema } from '../values/standard-schema.ts';
import type { WorkflowContext } from './workflow-context.ts';

/** A workflow as a function whose steps are recorded. */
export interface Workflow<Input = never, Output = unknown> {
  readonly name: string;
  readonly version: string;
  readonly code: WorkflowCode<Input, Output>;
  readonly options: WorkflowOptions<Input, Output>;
  /** Where it was made, for people: `file:line`. Empty: not known. */
  readonly sourceLocation: string;
}

/** A workflow whose types do not matter here. */
export interface AnyWorkflow extends Pick<Workflow, 'name' | 'version' | 'sourceLocation'> {
  readonly code: WorkflowCode<never, unknown>;
  readonly options: Omit<WorkflowOptions, 'input' | 'output'> & {
    readonly input?: StandardSchema;
    readonly output?: StandardSchema;
  };
}

/**
 * The code of a workflow. It is called anew when its run goes on elsewhere, and is given again what was recorded: between
 * steps it must do the same each time. Time, randomness and everything outside belong into steps.
 */
export type WorkflowCode<Input, Output> = (ctx: WorkflowContext, input: Input) => Promise<Output>;

/** How a workflow is run. */
export interface WorkflowOptions<Input = never, Output = unknown> {
  /** Runs stay on the version that they were started with. Default `1`. */
  readonly version?: string;
  /** What it is for, for people. */
  readonly description?: string;
  /** Checks the input, where a run is started and where it begins. Default: anything goes. */
  readonly input?: StandardSchema<unknown, Input>;
  /** Checks the output before the run completes. Default: anything goes. */
  readonly output?: StandardSchema<unknown, Output>;
  /** The signals that it may wait for, for people and tools. */
  readonly signals?: readonly { readonly name: string }[];
  /** When a failed step is tried again, where the step does not say. Default: 3 attempts, 1 s, ×2, at most 60 s. */
  readonly retry?: StepOptions['retry'];
  /** The queue of its work. Default `default`. */
  readonly queue?: string;
  /** 1, the most urgent, to 5. Default 3. */
  readonly priority?: number;
  /** Tags that a worker must all have. Default: any worker may. */
  readonly tags?: readonly string[];
  /** The longest that a run may take. Default: no limit. */
  readonly runTimeoutMs?: number;
  /** How long clean-up may take after a cancel. Default 5 min. */
  readonly cleanupTimeoutMs?: number;
  /** How long a run is kept after its end. Default: the tenant's, 30 days. */
  readonly retentionMs?: number;
}

/** Makes a workflow. Starting it takes a name alone, so that code that starts one need not have its steps. */
export function workflow<Input = undefined, Output = void>(
  name: string,
  code: WorkflowCode<Input, Output>,
  options: WorkflowOptions<Input, Output> = {},
): Workflow<Input, Output> {
  return { name, version: options.version ?? '1', code, options, sourceLocation: callerOf(workflow) };
}

/** Where a function was called: `file:line`, as the stack names it. */
function callerOf(called: (...args: never) => unknown): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1;
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, called);
  Error.stackTraceLimit = stackTraceLimit;
  const line = holder.stack?.split('\n').at(1) ?? '';
  const place = /(?:\(|at )(?:file:\/\/)?([^()]+):(\d+):\d+\)?$/.exec(line);
  return place === null ? '' : `${place[1]}:${place[2]}`;
}
