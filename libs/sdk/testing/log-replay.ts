import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { RunEnded, RunStarted } from '#gen/millrace/state/v1/run_events_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { type Assignment, WorkKind } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { WorkFailure } from '#gen/millrace/state/v1/work_up_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import type { FrameLine, LineFrame } from '#libs/work-loop/frames/frame-line.ts';
import { createSendBudget } from '#libs/work-loop/frames/send-budget.ts';
import { AssignmentLink } from '#libs/work-loop/link/assignment-link.ts';
import type { CallSites } from '#libs/work-loop/run/call-sites.ts';
import { describeCall, describeRecord, maybeRecord } from '#libs/work-loop/run/describe-event.ts';
import { Execution } from '#libs/work-loop/run/execution.ts';
import type { RunFunction } from '#libs/work-loop/run/function-run.ts';
import type { PayloadLoader } from '#libs/work-loop/run/payload-loader.ts';
import { createTurns } from '#libs/work-loop/run/turns.ts';
import { DEFAULT_WORKER_LIMITS } from '#libs/work-loop/worker-options.ts';
import { DivergedError } from './diverged-error.ts';

/** What came of a replay. */
export interface Replayed {
  /** How the code ended, or that it waits for what the log does not have. */
  readonly end: 'completed' | 'failed' | 'waiting';
  /** What it waits for: `signal approved #0`. */
  readonly waitsFor: readonly string[];
  /** Events of the log. */
  readonly events: number;
}

/** What a replay is made of. */
export interface LogReplayOptions {
  readonly events: readonly Event[];
  readonly started: RunStarted;
  readonly runId: string;
  readonly code: RunFunction;
  /** Where the workflow was made. */
  readonly sourceLocation: string;
  readonly graceMs: number;
  readonly loadPayload: PayloadLoader;
  /** Remembers where calls are made, which costs more than all the rest. Absent: nobody does. */
  readonly sites?: CallSites;
}

/** Events of one chunk, as a server would send them. */
const CHUNK = 1_000;
/** A worker names the assignments that it is given by numbers; there is one here. */
const HANDLE = 1;
/** So many looks, each after the grace, at code that goes nowhere. */
const MAX_IDLE_LOOKS = 4;
/** Nothing new is begun, so that the work comes back as soon as all that is open waits for what is not in the log. */
const HELD = 'the log is replayed';

/** One replay: the worker's side of an assignment, with a log instead of a server on the other side. */
export class LogReplay {
  readonly end: Promise<Replayed>;
  readonly #options: LogReplayOptions;
  readonly #settled: PromiseWithResolvers<Replayed> = Promise.withResolvers();
  readonly #execution: Execution;
  readonly #link: AssignmentLink;
  readonly #watch: NodeJS.Timeout;
  #asked = 0;
  #idleLooks = 0;
  #seen = 0;

  constructor(options: LogReplayOptions) {
    this.#options = options;
    this.end = this.#settled.promise;
    const { code, graceMs, loadPayload, sites } = options;
    const budget = createSendBudget(1);
    const random = (): number => 0.5;
    const mending = { initialMs: 1, maxMs: 1 };
    this.#link = new AssignmentLink(assignmentOf(options), {
      budget,
      maxUnacknowledged: 1,
      mending,
      random,
      onOver: () => undefined,
    });
    this.#link.attach(this.#line(), HANDLE);
    this.#execution = new Execution(
      {
        turns: createTurns(),
        budget,
        clock: createSystemClock(),
        random,
        loadPayload,
        maxOpenCalls: DEFAULT_WORKER_LIMITS.maxOpenCalls,
        yieldMs: DEFAULT_WORKER_LIMITS.yieldMs,
        divergenceMs: graceMs,
        sites,
        onAsked: () => {
          this.#asked += 1;
        },
        onParked: () => undefined,
        onEnded: () => undefined,
        onDiverged: () => undefined,
        onTrouble: (error) => this.#fail(error.cause instanceof DomainError ? error.cause : error),
      },
      code,
      '',
      this.#link,
    );
    this.#watch = setInterval(() => this.#look(), graceMs);
    this.#execution.hold(HELD);
    this.#execution.start();
  }

  #line(): FrameLine {
    return {
      add: (frame) => this.#take(frame),
      addCredits: () => undefined,
      beat: () => undefined,
      announce: () => undefined,
      retract: () => undefined,
      flush: () => undefined,
      drop: () => undefined,
    };
  }

  #take(frame: LineFrame): void {
    switch (frame.$typeName) {
      case 'millrace.state.v1.HistoryRequest':
        this.#send(Number(frame.afterSequence));
        break;
      case 'millrace.state.v1.WorkCompletion':
        this.#over('completed', 'the end of the function');
        break;
      case 'millrace.state.v1.WorkFailure':
        if (frame.diverged) this.#diverge(frame);
        else this.#over('failed', `the error ${frame.failure?.type}: ${frame.failure?.message}`);
        break;
      case 'millrace.state.v1.LeaseRelease':
        this.#over('waiting', Array.from(this.#execution.calls, describeCall).join(', '));
        break;
      default:
        break;
    }
  }

  /** Sends what comes after an event, a chunk in each turn of the event loop. */
  #send(after: number): void {
    const { events } = this.#options;
    setImmediate(() => {
      const last = after + CHUNK >= events.length;
      const chunk = events.slice(after, after + CHUNK);
      this.#link.recalled({ $typeName: 'millrace.state.v1.HistoryChunk', handle: HANDLE, events: chunk, last });
      if (!last) this.#send(after + CHUNK);
    });
  }

  /** The code followed the log: its end has to be that of the log, where the log has one. */
  #over(end: Replayed['end'], found: string): void {
    const { events } = this.#options;
    const last = events.at(-1)?.kind;
    const expected = last?.case === 'runEnded' ? maybeOtherEnd(last.value, end) : undefined;
    const waitsFor = end === 'waiting' ? Array.from(this.#execution.calls, describeCall) : [];
    if (expected === undefined) this.#settle(() => this.#settled.resolve({ end, waitsFor, events: events.length }));
    else this.#fail(this.#diverged(expected, found, events.length));
  }

  #diverge({ divergence }: WorkFailure): void {
    const next = this.#maybeNext();
    this.#fail(
      this.#diverged(divergence?.expectedStep ?? '', divergence?.foundStep ?? '', Number(next?.sequence ?? 0n)),
    );
  }

  #diverged(expectedStep: string, foundStep: string, sequence: number): DivergedError {
    const { runId, sourceLocation, sites } = this.#options;
    const call = Array.from(this.#execution.calls).find((one) => foundStep.startsWith(describeCall(one)));
    const place = call === undefined ? sourceLocation : (sites?.placeOf(call) ?? '');
    return new DivergedError(runId, { expectedStep, foundStep, sourceLocation: place, sequence });
  }

  /** The event that the code has not come to. */
  #maybeNext(): Event | undefined {
    for (const event of this.#execution.ahead()) if (maybeRecord(event.kind) !== undefined) return event;
    return undefined;
  }

  /**
   * Code that asks for nothing more and goes nowhere waits for what nobody records, or for what the log has only after
   * something that the code has left out. A worker cannot be sure, and waits; here time is short.
   */
  #look(): void {
    const { calls } = this.#execution;
    const seen = this.#asked + calls.recordedOrdinal;
    this.#idleLooks = seen === this.#seen ? this.#idleLooks + 1 : 0;
    this.#seen = seen;
    if (this.#idleLooks < MAX_IDLE_LOOKS) return;
    const next = this.#maybeNext();
    const record = next === undefined ? undefined : maybeRecord(next.kind);
    const [found = 'a wait for what is no step'] = Array.from(calls, describeCall);
    if (next === undefined || record === undefined) this.#over('waiting', found);
    else this.#fail(this.#diverged(describeRecord(next.kind, record.step), found, Number(next.sequence)));
  }

  #fail(error: Error): void {
    this.#settle(() => this.#settled.reject(error));
  }

  #settle(settle: () => void): void {
    clearInterval(this.#watch);
    settle();
    this.#execution.end(new DomainError('CALLER_GONE', 'the log was replayed'));
  }
}

/** The end of a run that its code decides about, where it is another one. */
function maybeOtherEnd({ status, failure }: RunEnded, end: Replayed['end']): string | undefined {
  if (status === RunStatus.COMPLETED && end !== 'completed') return 'the end of the run, COMPLETED';
  // Who waited for too long was ended by the server, wherever the code was.
  const isOurs = status === RunStatus.FAILED && failure?.type !== 'RUN_TIMEOUT';
  return isOurs && end === 'waiting' ? `the end of the run, FAILED by ${failure?.type ?? 'an error'}` : undefined;
}

function assignmentOf({ events, started, runId }: LogReplayOptions): Assignment {
  const { workflow, version, definitionHash, priority, tags, queue } = started;
  const ordinals = events.map(({ kind }) => maybeRecord(kind)?.ordinal ?? 0);
  const assignment: Assignment = {
    $typeName: 'millrace.state.v1.Assignment',
    handle: HANDLE,
    kind: WorkKind.FUNCTION,
    runId,
    incarnation: '',
    workflow,
    version,
    attempt: 1,
    fence: 0n,
    lastSequence: BigInt(events.length),
    stepCount: ordinals.reduce((most, ordinal) => Math.max(most, ordinal), 0),
    itemId: '',
    history: events.slice(0, CHUNK),
    task: '',
    nodePath: '',
    queue,
    definitionHash,
    priority,
    tags,
    cancelling: false,
    traceparent: '',
    historyTruncated: events.length > CHUNK,
  };
  return started.input === undefined ? assignment : { ...assignment, input: started.input };
}
