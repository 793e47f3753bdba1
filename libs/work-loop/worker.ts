import { durationMs } from '@bufbuild/protobuf/wkt';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { type DrainNotice, WorkKind } from '#gen/millrace/state/v1/work_down_pb.ts';
import { type Hello, HelloSchema } from '#gen/millrace/state/v1/work_up_pb.ts';
import { type AnnouncedDefinition, WorkMode } from '#gen/millrace/state/v1/worker_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { assertValid } from '#libs/rpc/validation/validate.ts';
import { createSendBudget } from './frames/send-budget.ts';
import type { AssignmentLink } from './link/assignment-link.ts';
import { createExecutions } from './run/executions.ts';
import { handedBack } from './run/settle-frames.ts';
import { createSessionId } from './stream/session-id.ts';
import { createWorkStream } from './stream/work-stream.ts';
import { completeWorkerOptions, type WorkerFunction, type WorkerOptions } from './worker-options.ts';

/** A process that runs functions. Disposing drains it without a grace. */
export interface Worker extends AsyncDisposable {
  readonly workerId: string;
  /** The session, kept over reconnects. */
  readonly sessionId: string;
  /** Resolves with the first welcome; rejects when the server does not want this worker, which is over then. */
  readonly ready: Promise<void>;
  /** Assignments that are not over. */
  readonly taken: number;
  /** Runs that wait without a slot and are kept. */
  readonly parked: number;
  /** Runs these as well from now on; one under a known workflow and version takes its place. */
  announce(functions: readonly WorkerFunction[]): void;
  /** Runs these no more; what is held of them goes on. */
  retract(functions: readonly Pick<WorkerFunction, 'workflow' | 'version'>[]): void;
  /**
   * Takes no new work. What is held ends, or goes back as soon as the step under way is recorded, or when the grace is
   * over. Answers when nothing is held any more. Default 25 s. Safe to call again.
   */
  drain(graceMs?: number): Promise<void>;
  /** Ends at once, as a crash would. Safe to call again. */
  close(): void;
}

const GRACE_MS = 25_000;
/** How long the server has to say that what was handed back is. */
const HAND_BACK_MS = 2_000;

/**
 * Makes a worker and connects it. Everything that it tells the server about a run is kept until that is durable, and told
 * again where it has to be.
 *
 * @throws INVALID_FIELDS for options that are out of range.
 */
export function createWorker(options: WorkerOptions): Worker {
  const complete = completeWorkerOptions(options);
  const { channel, tenantId, workerId, slots, limits, clock, random, onTrouble, onDiverged } = complete;
  const sessionId = createSessionId();
  const functions = new Map(complete.functions.map((each) => [nameOf(each), each]));
  const client = createClient(DispatchService, channel);
  const budget = createSendBudget(limits.maxUnacknowledgedBytes);
  const executions = createExecutions({
    limits,
    budget,
    clock,
    random,
    loadPayload: complete.loadPayload,
    onTrouble,
    onDiverged,
  });
  let draining: AbortController | undefined;
  let drained: Promise<void> | undefined;
  let isClosed = false;

  function hello(): Hello {
    return {
      $typeName: 'millrace.state.v1.Hello',
      workerId,
      sessionId,
      held: [],
      queues: [...complete.queues],
      tags: [...complete.tags],
      definitions: Array.from(functions.values(), announcementOf),
      slots,
      mode: WorkMode.RELAYED,
      protocol: 1,
      tasks: [],
      sdk: complete.sdk,
      freeItems: false,
    };
  }

  function take(link: AssignmentLink): void {
    const { kind, workflow, version } = link.assignment;
    const found = functions.get(`${workflow}@${version}`);
    if (draining !== undefined) {
      link.settle(handedBack('the worker drains', undefined, true));
    } else if (kind !== WorkKind.FUNCTION && complete.onTask !== undefined) {
      complete.onTask(link);
    } else if (kind !== WorkKind.FUNCTION || found === undefined) {
      link.settle(handedBack('the worker cannot run this', RETRY_MS, true));
    } else {
      executions.take(link, found);
    }
  }

  function drain(graceMs: number): Promise<void> {
    draining ??= new AbortController();
    const { signal } = draining;
    return (drained ??= endHeld(graceMs, signal));
  }

  async function endHeld(graceMs: number, undone: AbortSignal): Promise<void> {
    stream.resize(0);
    executions.hold('the worker drains');
    await within(stream.idle(), graceMs, undone);
    if (undone.aborted) return;
    executions.handBack('the worker drains');
    await within(stream.idle(), HAND_BACK_MS, undone);
  }

  function onDrained({ grace, undo }: DrainNotice): void {
    if (!undo) {
      complete.onDrain(true);
      void drain(grace === undefined ? GRACE_MS : durationMs(grace));
    } else if (draining !== undefined && !isClosed) {
      draining.abort();
      draining = undefined;
      drained = undefined;
      stream.resize(slots);
      executions.goOn();
      complete.onDrain(false);
    }
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    stream.close();
    executions.end(new DomainError('CALLER_GONE', 'the worker was closed'));
  }

  assertValid(HelloSchema, hello());
  const stream = createWorkStream({
    tenantId,
    slots,
    open: () => client.work(),
    hello,
    link: {
      budget,
      maxUnacknowledged: limits.maxUnacknowledged,
      mending: { initialMs: limits.resendMinMs, maxMs: limits.resendMaxMs },
      random,
    },
    reconnect: { initialMs: limits.reconnectMinMs, maxMs: limits.reconnectMaxMs },
    random,
    onAssigned: take,
    onDrained,
    onTrouble,
  });

  return {
    workerId,
    sessionId,
    ready: stream.ready,
    get taken() {
      return stream.taken;
    },
    get parked() {
      return executions.parked;
    },
    announce: (added) => {
      for (const each of added) functions.set(nameOf(each), each);
      assertValid(HelloSchema, hello());
      stream.announce(added.map(announcementOf));
    },
    retract: (removed) => {
      for (const each of removed) functions.delete(nameOf(each));
      stream.retract(removed.map(({ workflow, version }) => announcementOf({ workflow, version })));
    },
    drain: (graceMs = GRACE_MS) => drain(graceMs),
    close,
    async [Symbol.asyncDispose]() {
      if (!isClosed) await drain(0);
      close();
    },
  };
}

/** Waits for something, but no longer than so, and not when it does not matter any more. */
async function within(work: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  signal.addEventListener('abort', () => over.resolve());
  await Promise.race([work, over.promise]);
  clearTimeout(timer);
}

/** When work that this worker cannot run is offered again. */
const RETRY_MS = 1_000;

function nameOf({ workflow, version }: Pick<WorkerFunction, 'workflow' | 'version'>): string {
  return `${workflow}@${version}`;
}

function announcementOf({
  workflow,
  version,
  build = '',
  definition,
  definitionHash = '',
}: Omit<WorkerFunction, 'code'>): AnnouncedDefinition {
  return {
    $typeName: 'millrace.state.v1.AnnouncedDefinition',
    workflow,
    version,
    definitionHash,
    build,
    definition,
  };
}
