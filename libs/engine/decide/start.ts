import type { StartRun } from '../commands/start-run.ts';
import type { RunStarted } from '../events/run-events.ts';
import type { TaskHint } from '../model/client-state.ts';
import { standOf } from '../model/client-tasks.ts';
import { ROOT, type Run } from '../model/run.ts';
import { clientOf } from './client-holds.ts';
import { hintsByTask } from './client-snapshots.ts';
import { offerTasks } from './client-tasks.ts';
import { type Decision, rejected } from './decision.ts';
import { append, appended, appendRecord, createDraft, type Draft } from './draft.ts';

/** Starts a run; the function of a SERVER run is offered in the same commit. */
export function decideStart(run: Run, command: StartRun, now: number): Decision {
  if (run.started) return rejected('RUN_EXISTS', { state: run.status });
  const draft = createDraft(run, now);
  const body: RunStarted = {
    kind: 'runStarted',
    workflow: command.workflow,
    version: command.version,
    definitionHash: command.definitionHash,
    input: command.input,
    priority: command.priority,
    tags: command.tags,
    attributes: command.attributes,
    parent: command.parent,
    runTimeoutMs: command.runTimeoutMs,
    requestedBy: command.requestedBy,
    replacedIncarnation: command.replacedIncarnation,
    queue: command.queue,
  };
  if (run.identity.driver === 'CLIENT') {
    appendRecord(draft, body);
    if (command.firstTask !== undefined) beginAt(run, draft, command, command.firstTask);
  } else {
    append(draft, body);
    append(draft, {
      kind: 'taskScheduled',
      nodePath: ROOT,
      attempt: 1,
      input: undefined,
      queue: command.queue,
      priority: command.priority,
      tags: command.tags,
      notBeforeTime: undefined,
    });
  }
  return appended(draft, { kind: 'run', status: 'PENDING', cancelling: false });
}

/** The run stands before its first task, which is offered. */
function beginAt(run: Run, draft: Draft, { priority }: StartRun, hint: TaskHint): void {
  const position = { kind: 'task', taskId: hint.taskId } as const;
  appendRecord(draft, { kind: 'positionSet', position, hints: [hint] });
  const client = clientOf(run);
  offerTasks(run, client, draft, { ...standOf(run, client), position, hints: hintsByTask([hint]), priority });
}
