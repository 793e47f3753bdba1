import { DomainError } from '#libs/errors/domain-error.ts';
import type { PartitionState } from '../state/partition-state.ts';
import type { ResolveDefinition, ResolvedDefinition } from './definition-port.ts';
import type { RunMessage, StartChildMessage } from './message.ts';
import type { RunVisit } from './run-visit.ts';
import { startRun } from './start-run.ts';

/** What a message needs that is not in the run. */
export interface ReceiveContext {
  /** The state of the partition that receives. */
  readonly state: PartitionState;
  readonly newIncarnation: (now: number) => string;
  /** Sends an answer in the same record. */
  readonly reply: (visit: RunVisit, message: RunMessage) => void;
}

/** What was looked up for a message before its visit. */
export type Prepared = ResolvedDefinition | DomainError | undefined;

/** Looks up what a message needs, so that its visit decides at once. */
export async function prepareMessage(message: RunMessage, resolve: ResolveDefinition): Promise<Prepared> {
  if (message.kind !== 'startChild') return undefined;
  try {
    return await resolve(message.tenantId, message.workflow, message.version);
  } catch (error) {
    // A child that cannot be started is told to its parent; anything else is tried again.
    if (error instanceof DomainError && error.kind !== 'unavailable') return error;
    throw error;
  }
}

/** Does what a message says, in a visit to the run that it is for. A refusal consumes the message. [journal.md 22] */
export function receiveMessage(
  visit: RunVisit,
  message: RunMessage,
  prepared: Prepared,
  context: ReceiveContext,
): void {
  const incarnation = visit.hot?.identity.incarnation;
  switch (message.kind) {
    case 'startChild':
      return startChild(visit, message, prepared, context);
    case 'cancelChild': {
      const isChild =
        message.incarnation === '' ? isChildOf(visit, message.parentIncarnation) : incarnation === message.incarnation;
      if (isChild) visit.perform({ kind: 'cancelRun', requestedBy: '', reason: 'its parent ended' });
      return undefined;
    }
    case 'childStarted': {
      if (incarnation !== message.incarnation) return undefined;
      const { scheduledSequence, childRunId: runId, childIncarnation, version } = message;
      visit.perform({ kind: 'reportChildStart', scheduledSequence, runId, childIncarnation, version });
      return undefined;
    }
    case 'childRejected': {
      if (incarnation !== message.incarnation) return undefined;
      const { scheduledSequence, childRunId: runId, rejection } = message;
      visit.perform({ kind: 'reportChildRejection', scheduledSequence, runId, rejection });
      return undefined;
    }
    case 'childEnded': {
      if (incarnation !== message.incarnation) return undefined;
      const { childRunId: runId, childIncarnation, status, output, failure } = message;
      visit.perform({ kind: 'reportChildEnd', runId, childIncarnation, status, output, failure });
      return undefined;
    }
  }
}

function isChildOf({ hot }: RunVisit, parentIncarnation: string): boolean {
  return hot?.run.parent?.incarnation === parentIncarnation;
}

function startChild(visit: RunVisit, message: StartChildMessage, prepared: Prepared, context: ReceiveContext): void {
  const { tenantId, runId, parent, scheduledSequence, options, input } = message;
  const to = { tenantId, runId: parent.runId, incarnation: parent.incarnation, scheduledSequence, childRunId: runId };
  if (prepared === undefined || prepared instanceof DomainError) {
    const rejection = {
      reason: prepared?.reason ?? 'DEFINITION_NOT_FOUND',
      message: prepared?.message ?? 'the definition of the child is not stored',
      metadata: prepared?.metadata ?? {},
    };
    return context.reply(visit, { kind: 'childRejected', ...to, rejection });
  }
  const { workflow, version, hash, rules, queue, runTimeoutMs, retentionMs } = prepared;
  const outcome = startRun(visit, context.state, {
    terms: { policy: 'FAIL', allowNewDefinition: false },
    driver: 'SERVER',
    rules,
    start: { request: undefined, retentionMs, traceparent: '' },
    newIncarnation: (now) => context.newIncarnation(now),
    command: {
      kind: 'startRun',
      workflow,
      version,
      definitionHash: hash,
      input,
      priority: options.priority,
      tags: options.tags,
      attributes: options.attributes,
      parent,
      runTimeoutMs: options.runTimeoutMs ?? runTimeoutMs,
      requestedBy: '',
      replacedIncarnation: '',
      queue: options.queue === '' ? queue : options.queue,
    },
  });
  if (outcome.kind === 'rejected') {
    const { reason, metadata } = outcome.rejection;
    const rejection = { reason, message: `the child ${runId} could not be started`, metadata };
    return context.reply(visit, { kind: 'childRejected', ...to, rejection });
  }
  const childIncarnation = outcome.hot.identity.incarnation;
  return context.reply(visit, { kind: 'childStarted', ...to, childIncarnation, version });
}
