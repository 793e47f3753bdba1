import type { StartRun } from '../commands/start-run.ts';
import type { RunStarted } from '../events/run-events.ts';
import { ROOT, type Run } from '../model/run.ts';
import { type Decision, rejected } from './decision.ts';
import { append, appended, appendRecord, createDraft } from './draft.ts';

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
