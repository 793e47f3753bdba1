import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { type Definition, DefinitionSchema } from '#gen/millrace/workflow/v1/definition_pb.ts';
import type { FunctionRun } from '#libs/work-loop/run/function-run.ts';
import type { WorkerFunction } from '#libs/work-loop/worker-options.ts';
import type { AnyWorkflow } from '../author/workflow.ts';
import type { RunInfo, WorkflowLog } from '../author/workflow-context.ts';
import type { LargePayloads } from '../values/large-payloads.ts';
import type { StandardSchema } from '../values/standard-schema.ts';
import { validate } from '../values/validate.ts';
import { payloadOf, valueOf } from '../values/value-codec.ts';
import { RunContext } from './run-context.ts';
import { createWorkflowLog, type LogLine } from './workflow-log.ts';

/** What the workflows of a worker share. */
export interface WorkerFunctionOptions {
  readonly large: LargePayloads;
  readonly writeLog: (line: LogLine) => void;
  /** Names the code. Absent: its text does. */
  readonly build: string | undefined;
  /** What `ctx.now()` reads. Default: the time of the machine. */
  readonly nowMs?: () => number;
}

/** A workflow as the loop runs it. */
export function workerFunctionOf(workflow: AnyWorkflow, options: WorkerFunctionOptions): WorkerFunction {
  const { name, version } = workflow;
  return {
    workflow: name,
    version,
    build: options.build ?? buildOf(workflow),
    definition: definitionOf(workflow),
    code: (run) => runWorkflow(workflow, run, options),
  };
}

async function runWorkflow(
  { code, options }: AnyWorkflow,
  run: FunctionRun,
  { large, writeLog, nowMs = Date.now }: WorkerFunctionOptions,
): Promise<Payload | undefined> {
  const info = infoOf(run);
  let log: WorkflowLog | undefined;
  const ctx = new RunContext(run, {
    info,
    get log() {
      return (log ??= createWorkflowLog(info, () => run.isReplaying, writeLog));
    },
    stepOptions: options.retry === undefined ? undefined : { retry: options.retry },
    large,
    nowMs,
  });
  const { input } = run;
  if (input?.value.case === 'ref') await large.load(input, info);
  const value = valueOf(input, 'input');
  const output = await code(
    ctx,
    (options.input === undefined ? value : await checked(options.input, value, 'input')) as never,
  );
  const valid = options.output === undefined ? output : await checked(options.output, output, 'output');
  return large.settle(payloadOf(valid, 'output'), info.runId);
}

/** A value that breaks the rules of its schema breaks them in every attempt. */
async function checked(schema: StandardSchema, value: unknown, field: string): Promise<unknown> {
  try {
    return await validate(schema, value, field);
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { nonRetryable: true }) : error;
  }
}

function infoOf({ facts }: FunctionRun): RunInfo {
  const { runId, incarnation, workflow, version, attempt, queue, priority, tags } = facts;
  return { runId, incarnation, workflow, version, attempt, queue, priority, tags };
}

/** What the server keeps of a workflow. */
function definitionOf({ name, version, options, sourceLocation }: AnyWorkflow): Definition {
  const { description = '', signals = [], queue = '', priority, tags = [] } = options;
  const { runTimeoutMs, cleanupTimeoutMs, retentionMs } = options;
  return create(DefinitionSchema, {
    workflow: name,
    version,
    description,
    content: {
      case: 'function',
      value: { signals: signals.map((signal) => ({ name: signal.name })), sourceLocation },
    },
    settings: { queue, tags: [...tags], ...(priority === undefined ? undefined : { priority }) },
    ...(runTimeoutMs === undefined ? undefined : { runTimeout: durationFromMs(runTimeoutMs) }),
    ...(cleanupTimeoutMs === undefined ? undefined : { cleanupTimeout: durationFromMs(cleanupTimeoutMs) }),
    ...(retentionMs === undefined ? undefined : { retention: durationFromMs(retentionMs) }),
  });
}

const BUILD_CHARS = 16;

/** Another text of the function is another build. */
function buildOf({ code }: AnyWorkflow): string {
  return createHash('sha256').update(code.toString()).digest('hex').slice(0, BUILD_CHARS);
}
