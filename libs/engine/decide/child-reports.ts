import type { ReportChildEnd, ReportChildRejection, ReportChildStart } from '../commands/world-commands.ts';
import type { Child } from '../model/open-things.ts';
import type { Run } from '../model/run.ts';
import { type Decision, DONE, nothing } from './decision.ts';
import { append, appended, createDraft } from './draft.ts';
import { rouseFunction } from './schedule.ts';

// Reports about a child that is not open, or of another incarnation, are dropped and acknowledged [19, 22].

/** A child started: a parent that only waited for that goes on. */
export function decideChildStart(run: Run, command: ReportChildStart, now: number): Decision {
  const child = run.children.get(command.scheduledSequence);
  if (child === undefined || child.incarnation !== '') return nothing(DONE);
  const draft = createDraft(run, now);
  append(draft, {
    kind: 'childStarted',
    scheduledSequence: child.scheduledSequence,
    runId: child.runId,
    incarnation: command.childIncarnation,
    version: command.version,
  });
  if (child.awaited === 'start') rouseFunction(run, draft);
  return appended(draft, DONE);
}

/** A child could not be started: whoever waits for its start or end hears of it. */
export function decideChildRejection(run: Run, command: ReportChildRejection, now: number): Decision {
  const child = run.children.get(command.scheduledSequence);
  if (child === undefined || child.incarnation !== '') return nothing(DONE);
  const { scheduledSequence, runId } = child;
  const draft = createDraft(run, now);
  append(draft, { kind: 'childRejected', scheduledSequence, runId, rejection: command.rejection });
  if (child.awaited !== 'nothing') rouseFunction(run, draft);
  return appended(draft, DONE);
}

/** A child ended: recorded in any case, and heard of where it is waited for. */
export function decideChildEnd(run: Run, command: ReportChildEnd, now: number): Decision {
  const child = startedChild(run, command.runId, command.childIncarnation);
  if (child === undefined) return nothing(DONE);
  const { scheduledSequence, runId } = child;
  const { status, output, failure } = command;
  const draft = createDraft(run, now);
  append(draft, { kind: 'childEnded', scheduledSequence, runId, status, output, failure });
  if (child.awaited !== 'nothing') rouseFunction(run, draft);
  return appended(draft, DONE);
}

function startedChild(run: Run, runId: string, incarnation: string): Child | undefined {
  for (const child of run.children.values()) {
    if (child.runId === runId && child.incarnation === incarnation && incarnation !== '') return child;
  }
  return undefined;
}
