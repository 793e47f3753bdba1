import type { StartRunRequest } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { News } from '#libs/partition/commit/waiter.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { ask, outcomeUnknown } from '#libs/partition/serve/ask.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { startRun } from '#libs/partition/serve/start-run.ts';
import { assertStartAllowed } from '../access/tenant-limits.ts';
import type { StateContext } from '../context.ts';
import { assertNotRetired } from '../definitions/definition-cache.ts';
import type { RunDefinition } from '../definitions/run-definition.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { payloadFromProto } from '../wire/payload.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { type ParsedStart, startFromProto } from '../wire/start-run.ts';
import { mayBeKept, maybeKeptStart, newestOf } from './kept-start.ts';

/** Who asked for a start, and how it is told what became of it. */
export interface StartCaller<T> {
  readonly tenantId: string;
  /** The name of whoever asks, for the log of the run. */
  readonly requestedBy: string;
  readonly traceparent: string;
  readonly signal: AbortSignal;
  /** Makes the answer of the run as it is in memory; it is told once that is durable. */
  readonly answer: (visit: RunVisit, hot: HotRun, isFresh: boolean, position: number) => T;
  readonly onStarted: (answer: T) => void;
  /** Called once, instead of `onStarted`. */
  readonly onRefused: (error: unknown) => void;
}

/** Starts a run: at once when its definition is known and its input is small, which is nearly always so. */
export function beginStart<T>(context: StateContext, request: StartRunRequest, caller: StartCaller<T>): void {
  try {
    assertStartAllowed(context, caller.tenantId);
    const start = startFromProto(request, {
      tenantId: caller.tenantId,
      requestId: context.newId,
      traceparent: caller.traceparent,
      requestedBy: caller.requestedBy,
    });
    const definition = context.definitions.resolve(caller.tenantId, request.workflow, request.version);
    if (definition instanceof Promise || needsSettling(request.input)) {
      prepare(context, request, start, definition, caller).catch((error: unknown) => caller.onRefused(error));
    } else {
      visit(context, start, definition, payloadFromProto(request.input, 'input'), undefined, caller);
    }
  } catch (error) {
    caller.onRefused(error);
  }
}

async function prepare<T>(
  context: StateContext,
  { input }: StartRunRequest,
  start: ParsedStart,
  resolving: RunDefinition | Promise<RunDefinition>,
  caller: StartCaller<T>,
): Promise<void> {
  const definition = await resolving;
  if (input === undefined || !needsSettling(input)) {
    visit(context, start, definition, payloadFromProto(input, 'input'), undefined, caller);
    return;
  }
  const incarnation = context.newIncarnation(context.nowMs());
  const owner = { tenantId: caller.tenantId, runId: start.runId, incarnation };
  visit(context, start, definition, await settlePayload(context, owner, input, caller.signal), incarnation, caller);
}

function visit<T>(
  context: StateContext,
  start: ParsedStart,
  definition: RunDefinition,
  input: Payload | undefined,
  incarnation: string | undefined,
  caller: StartCaller<T>,
  /** The newest incarnation when the request was looked for among those before it. */
  lookedAt?: string,
): void {
  assertStartable(start, definition);
  const key = { tenantId: caller.tenantId, runId: start.runId };
  const partition = context.node.partitionOf(key);
  let isTold = false;
  const refuse = (error: unknown): void => {
    if (isTold) return;
    isTold = true;
    caller.onRefused(error);
  };
  partition.visit(key, {
    intent: 'startRun',
    act: (visited) => {
      const newest = newestOf(visited);
      if (newest !== lookedAt && mayBeKept(partition, visited, start.request)) {
        answerKept(context, start, caller)
          .then((isKept) => {
            if (!isKept) visit(context, start, definition, input, incarnation, caller, newest);
          })
          .catch(refuse);
        return;
      }
      const outcome = startRun(visited, partition.state, {
        terms: start.terms,
        driver: start.driver,
        rules: definition.rules,
        start: {
          request: start.request,
          retentionMs: start.retentionMs ?? definition.retentionMs,
          traceparent: start.traceparent,
        },
        command: {
          kind: 'startRun',
          workflow: start.command.workflow,
          attributes: start.command.attributes,
          requestedBy: start.command.requestedBy,
          replacedIncarnation: '',
          version: definition.version,
          definitionHash: definition.hash,
          input,
          priority: start.priority ?? definition.priority,
          tags: start.command.tags.length === 0 ? definition.tags : start.command.tags,
          runTimeoutMs: start.runTimeoutMs ?? definition.runTimeoutMs,
          queue: start.command.queue === '' ? definition.queue : start.command.queue,
          parent: undefined,
          firstTask: start.driver === 'CLIENT' ? start.command.firstTask : undefined,
        },
        newIncarnation: (now) => incarnation ?? context.newIncarnation(now),
      });
      if (outcome.kind === 'rejected') {
        const error = errorFromRejection(outcome.rejection, key);
        visited.whenDurable((news) => refuse(news === 'durable' ? error : outcomeUnknown(news)));
        return;
      }
      const answer = caller.answer(visited, outcome.hot, outcome.kind === 'started', partition.line.position);
      visited.whenDurable((news: News) => {
        if (news !== 'durable') {
          refuse(outcomeUnknown(news));
        } else if (!isTold) {
          isTold = true;
          caller.onStarted(answer);
        }
      });
    },
    fail: refuse,
  });
}

/** Answers a repeat of a start whose incarnation is not the newest any more. False: it is none. */
async function answerKept<T>(context: StateContext, start: ParsedStart, caller: StartCaller<T>): Promise<boolean> {
  const key = { tenantId: caller.tenantId, runId: start.runId };
  const partition = context.node.partitionOf(key);
  const kept = await maybeKeptStart(context, partition, key, start.request);
  if (kept === undefined) return false;
  const answer = await ask(partition, key, {
    intent: 'read',
    act: (visited) => caller.answer(visited, kept, true, partition.line.position),
  });
  caller.onStarted(answer);
  return true;
}

/** Refuses what the definition does not allow. */
function assertStartable(start: ParsedStart, definition: RunDefinition): void {
  assertNotRetired(definition);
  if (definition.isOpaque && start.driver === 'SERVER') {
    throw new DomainError('WRONG_DRIVER', 'an opaque definition is driven by its client', {
      metadata: { driver: 'CLIENT' },
    });
  }
  if (start.definitionHash !== '' && start.definitionHash !== definition.hash) {
    throw new DomainError('DEFINITION_MISMATCH', 'definition_hash is not the hash of the stored definition', {
      metadata: { expected: start.definitionHash, found: definition.hash },
    });
  }
}
