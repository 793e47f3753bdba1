import type { RunInfo, WorkflowLog } from '../author/workflow-context.ts';

/** How much a line matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A line of a workflow. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly data: unknown;
  readonly run: RunInfo;
}

/** Makes the log of a run: lines are written unless the code only does again what it did before. */
export function createWorkflowLog(
  run: RunInfo,
  isReplaying: () => boolean,
  write: (line: LogLine) => void,
): WorkflowLog {
  const lineOf =
    (level: LogLevel) =>
    (message: string, data?: unknown): void => {
      if (!isReplaying()) write({ level, message, data, run });
    };
  return { debug: lineOf('debug'), info: lineOf('info'), warn: lineOf('warn'), error: lineOf('error') };
}

/** Writes a line for people to standard error. */
export function writeLine({ level, message, data, run }: LogLine): void {
  const told = data === undefined ? '' : ` ${JSON.stringify(data)}`;
  process.stderr.write(`${new Date().toISOString()} ${level} ${run.workflow} ${run.runId}: ${message}${told}\n`);
}
