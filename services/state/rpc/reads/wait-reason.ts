import { create } from '@bufbuild/protobuf';
import { BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import type { WaitReason } from '#libs/engine/views/waits-for.ts';
import { waitToProto } from '../wire/wait.ts';
import type { ExplainScope } from './explain-scope.ts';
import { momentOf, quoted, type Reason, SEVERITY, subjectOf } from './reason.ts';
import { failureIn } from './run-message.ts';

/** What the run, or a step of it, waits for. */
export function waitReason({ sight, failures }: ExplainScope, wait: WaitReason): Reason {
  const failure = wait.kind === 'retry' ? failureIn(failures.get(wait.failureSequence)) : undefined;
  const { nodePath, sinceTime, kind } = waitToProto(wait, sight.hot.identity.incarnation, () => failure);
  return {
    severity: severityOf(wait),
    // Every kind of wait but that for a worker, which is told in more detail, is a blocker as it is.
    blocker: create(BlockerSchema, { nodePath, sinceTime, ...(kind.case === 'worker' ? {} : { kind }) }),
    words: wordsOf(wait, subjectOf(nodePath), failure),
  };
}

/** How severe a wait is. */
export function severityOf({ kind }: WaitReason): number {
  switch (kind) {
    case 'divergence':
      return SEVERITY.divergence;
    case 'signal':
      return SEVERITY.signal;
    case 'child':
      return SEVERITY.child;
    case 'retry':
      return SEVERITY.retry;
    case 'timer':
      return SEVERITY.timer;
    case 'worker':
      return SEVERITY.lease;
  }
}

function wordsOf(wait: WaitReason, what: string, failure: Failure | undefined): string {
  switch (wait.kind) {
    case 'divergence': {
      const { expectedStep, foundStep, build } = wait.divergence;
      const where = `came to ${quoted(foundStep)} where the log has ${quoted(expectedStep)}`;
      return `build ${quoted(build)} of the code ${where}; it goes on once a worker announces another build`;
    }
    case 'signal': {
      const until = wait.untilTime === undefined ? '' : ` until ${momentOf(wait.untilTime)}`;
      return `${what} waits for the signal ${quoted(wait.name)}${until}`;
    }
    case 'child': {
      const has = wait.incarnation === '' ? 'start' : 'end';
      return `${what} waits for the ${has} of the child run ${quoted(wait.runId)}`;
    }
    case 'retry':
      return retryWords(what, wait.attempt, wait.dueTime, failure);
    case 'timer':
      return `${what} waits until ${momentOf(wait.dueTime)}`;
    case 'worker':
      return `${what} waits for a worker`;
  }
}

/** That another attempt follows, and why. */
export function retryWords(what: string, attempt: number, dueTime: number, failure: Failure | undefined): string {
  const why = failure === undefined ? '' : `, after ${failureWords(failure)}`;
  return `attempt ${attempt} of ${what} is due at ${momentOf(dueTime)}${why}`;
}

/** A failure in a few words. */
export function failureWords({ type, message }: Failure): string {
  const text = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
  return `${type}: ${text.replaceAll(/\s+/g, ' ')}`;
}

/** A sentence has no room for more of a message; all of it is in the blocker. */
const MAX_MESSAGE = 200;
