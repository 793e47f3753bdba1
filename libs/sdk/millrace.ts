/** What people import as `millrace`. */

export { DomainError as MillraceError } from '#libs/errors/domain-error.ts';
export type { Divergence } from '#libs/work-loop/run/divergence.ts';
export { CancelledError, ChildError, NonRetryableError, StepError } from '#libs/work-loop/run/errors.ts';
export { type Signal, signal } from './author/signal.ts';
export {
  type AnyWorkflow,
  type Workflow,
  type WorkflowCode,
  type WorkflowOptions,
  workflow,
} from './author/workflow.ts';
export type {
  AllOptions,
  Branch,
  ChildHandle,
  ChildOptions,
  RunInfo,
  StepCode,
  StepContext,
  StepOptions,
  WaitForOptions,
  WorkflowContext,
  WorkflowLog,
} from './author/workflow-context.ts';
export { Client } from './client/client.ts';
export { RunError, type UnsuccessfulStatus } from './client/run-error.ts';
export { type ControlOptions, RunHandle, type SendOptions } from './client/run-handle.ts';
export type { StartOptions } from './client/start-options.ts';
export type { LogLevel, LogLine } from './run/workflow-log.ts';
export { DivergedError } from './testing/diverged-error.ts';
export type { Attribute } from './values/attributes.ts';
export type { ConnectionOptions } from './values/connection.ts';
export type { StandardSchema } from './values/standard-schema.ts';
export { Worker, type WorkerOptions } from './worker.ts';
