import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import { type WorkRequest, type WorkResponse, WorkResponseSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { StepId } from '#gen/millrace/state/v1/step_events_pb.ts';
import { CancelKind, type HeldState } from '#gen/millrace/state/v1/work_down_pb.ts';
import type { ChildStart, HeldItem, Hello, Park, StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import { ackOf, heldStateOf, noticeOf, rejectionOf } from './test-frames.ts';
import { appendRecord, closeWait, closeWaits, consumeSignal, type TestWorld, withdrawWait } from './test-records.ts';

import { append, assignmentOf, createTestRun, type TestRun } from './test-run.ts';

/** A stream of a worker, as the server of the tests sees it. */
export interface TestStream {
  readonly sessionId: string;
  readonly hello: Hello;
  /** Assignments by handle. */
  readonly items: Map<number, { readonly run: TestRun; readonly fence: bigint }>;
  send(message: WorkResponse): void;
}

interface TestSession {
  stream: TestStream | undefined;
  credits: number;
}

/**
 * The dispatch of the tests: it keeps runs in memory and answers frames as the protos say, in one process and without
 * durability. Whatever one message leads to is answered in one message.
 */
export class TestDispatch {
  readonly runs: Map<string, TestRun> = new Map();
  readonly sessions: Map<string, TestSession> = new Map();
  /** Every message that was handled, for tests to look at. */
  readonly requests: WorkRequest[] = [];
  /** Refuses a record, when it says why. */
  refuse: (run: TestRun, ordinal: number) => ErrorReason | undefined = () => undefined;
  heartbeatMs: number = 10_000;
  /** How much history goes with an assignment. */
  maxHistory: number = 1_000;
  /** Events of a chunk. */
  maxChunk: number = 1_000;
  /** Whether each chunk is a message of its own. */
  sendsChunksApart: boolean = false;
  readonly world: TestWorld = {
    tell: (run, act) => this.#tell(run, act),
    news: (run, event) => this.#news(run, event),
    offer: (run) => {
      if (run.holder === undefined && run.status === 'open') this.#schedule(run);
    },
  };
  #fence = 0n;
  #lastHandle = 0;
  #open: WorkResponse | undefined;
  #openFor: TestStream | undefined;

  start(runId: string, workflow = 'flow', input?: Payload, version = '1'): TestRun {
    const run = createTestRun(runId, workflow, version, input);
    this.runs.set(runId, run);
    this.#assign();
    return run;
  }

  /** A worker says hello over a stream. */
  greet(hello: Hello, send: (message: WorkResponse) => void): TestStream {
    const stream: TestStream = { sessionId: hello.sessionId, hello, items: new Map(), send };
    const session = this.sessions.get(hello.sessionId) ?? { stream: undefined, credits: 0 };
    this.sessions.set(hello.sessionId, session);
    session.stream = stream;
    this.#answer(stream, (response) => {
      const held = hello.held.map((item) => this.#adopt(stream, item));
      const named = new Set(Array.from(stream.items.values(), ({ run }) => run));
      for (const run of this.runs.values()) {
        if (run.holder === hello.sessionId && !named.has(run)) this.#release(run, 'not named');
      }
      response.welcome = {
        $typeName: 'millrace.state.v1.Welcome',
        sessionId: hello.sessionId,
        heartbeatInterval: durationFromMs(this.heartbeatMs),
        held,
        protocol: 1,
        memberId: 'test',
      };
      session.credits = Math.max(0, hello.slots - named.size);
      this.#assign();
    });
    return stream;
  }

  /** The stream has ended. */
  leave(stream: TestStream): void {
    const session = this.sessions.get(stream.sessionId);
    if (session?.stream === stream) session.stream = undefined;
  }

  /** Handles a message after the hello. */
  handle(stream: TestStream, request: WorkRequest): void {
    this.requests.push(request);
    this.#answer(stream, (response) => {
      const records = [...request.steps, ...request.startChild, ...request.park];
      records.sort((a, b) => a.handle - b.handle || a.ordinal - b.ordinal);
      for (const frame of records) this.#record(stream, frame);
      for (const { handle, stepCount, output } of request.complete) {
        this.#settle(stream, handle, stepCount, (run) => {
          run.output = output;
          this.#end(run, run.isCancelling ? 'cancelled' : 'completed');
        });
      }
      for (const { handle, stepCount, failure, diverged, divergence } of request.fail) {
        this.#settle(stream, handle, diverged ? undefined : stepCount, (run) => {
          run.failure = failure;
          if (diverged) {
            append(run, { case: 'runDiverged', value: { divergence } });
            run.status = 'diverged';
          } else {
            this.#end(run, run.isCancelling ? 'cancelled' : 'failed');
          }
        });
      }
      for (const { handle, step } of request.withdraw) withdrawWait(stream.items.get(handle)?.run, step);
      for (const { handle, knownSequence } of request.yieldSlot) {
        this.#settle(stream, handle, undefined, (run) => {
          append(run, { case: 'taskReleased', value: { reason: 'parked' } });
          if (run.newsSequence > Number(knownSequence)) this.#schedule(run);
        });
      }
      for (const { handle, reason } of request.release) {
        this.#settle(stream, handle, undefined, (run) => {
          append(run, { case: 'taskReleased', value: { reason } });
          this.#schedule(run);
        });
      }
      for (const { handle, afterSequence } of request.historyRequest) {
        const events = stream.items.get(handle)?.run.log.slice(Number(afterSequence)) ?? [];
        for (let at = 0; at === 0 || at < events.length; at += this.maxChunk) {
          const chunk = events.slice(at, at + this.maxChunk);
          const last = at + this.maxChunk >= events.length;
          const history = [{ $typeName: 'millrace.state.v1.HistoryChunk' as const, handle, events: chunk, last }];
          if (this.sendsChunksApart) stream.send(create(WorkResponseSchema, { history }));
          else response.history.push(...history);
        }
      }
      stream.hello.definitions.push(...request.announce);
      for (const item of request.held) response.held.push(this.#adopt(stream, item));
      const session = this.sessions.get(stream.sessionId);
      if (session !== undefined) session.credits += request.credits?.add ?? 0;
      this.#assign();
    });
  }

  signal(run: TestRun, name: string, payload?: Payload, signalId = ''): void {
    this.#tell(run, () => {
      const wait = run.waits.find((open) => open.kind === 'signal' && open.name === name);
      if (wait === undefined || signalId !== '') {
        const { sequence } = append(run, { case: 'signalReceived', value: { signal: { name, signalId, payload } } });
        run.buffered.push({ name, sequence: Number(sequence) });
        if (wait !== undefined) consumeSignal(run, wait, this.world);
      } else {
        closeWait(run, wait);
        this.#news(run, append(run, { case: 'signalConsumed', value: { step: wait.step, name, payload } }));
      }
    });
  }

  cancel(run: TestRun): void {
    this.#tell(run, (stream, handle) => {
      append(run, { case: 'controlRequested', value: {} });
      run.isCancelling = true;
      closeWaits(run);
      this.#news(
        run,
        append(run, { case: 'cleanupStarted', value: { deadlineTime: timestampFromMs(Date.now() + 60_000) } }),
      );
      if (stream !== undefined) this.#open?.cancel.push(noticeOf(handle, CancelKind.CANCEL));
    });
  }

  pause(run: TestRun): void {
    this.#tell(run, (stream, handle) => {
      append(run, { case: 'runPaused', value: {} });
      run.isPaused = true;
      if (stream !== undefined) this.#open?.cancel.push(noticeOf(handle, CancelKind.PAUSE));
    });
  }

  resume(run: TestRun): void {
    this.#tell(run, () => {
      append(run, { case: 'runResumed', value: {} });
      run.isPaused = false;
      if (run.holder === undefined) this.#schedule(run);
    });
  }

  /** Takes the lease away and offers the run again. */
  revoke(run: TestRun): void {
    this.#tell(run, (stream, handle) => {
      if (stream === undefined) return;
      stream.items.delete(handle);
      this.#open?.cancel.push(noticeOf(handle, CancelKind.ABORT));
      run.holder = undefined;
      append(run, { case: 'taskFailed', value: {} });
      this.#schedule(run);
    });
  }

  /** The server finds that an attempt of a step takes too long. */
  timeOutStep(run: TestRun, step: StepId, attempt: number): void {
    this.#tell(run, (stream, handle) => {
      const failure = { type: 'STEP_TIMEOUT', message: 'too long' };
      this.#news(run, append(run, { case: 'stepFailed', value: { step, attempt, failure, timedOut: true } }));
      if (stream !== undefined) this.#open?.cancel.push(noticeOf(handle, CancelKind.STEP_TIMEOUT, step));
    });
  }

  /** Something else that a function has to hear of. */
  happen(run: TestRun, kind: Parameters<typeof append>[1]): void {
    this.#tell(run, () => this.#news(run, append(run, kind)));
  }

  /** Says to every worker that its stream ends soon. */
  sendAway(): void {
    for (const { stream } of this.sessions.values()) {
      stream?.send(create(WorkResponseSchema, { goAway: { reason: 'test' } }));
    }
  }

  creditsOf(sessionId: string): number {
    return this.sessions.get(sessionId)?.credits ?? 0;
  }

  /** Drains every worker, or takes that back. */
  drain(undo = false): void {
    for (const { stream } of this.sessions.values()) {
      stream?.send(create(WorkResponseSchema, { drain: { grace: durationFromMs(1_000), undo } }));
    }
  }

  /** Offers a run that nobody works on. */
  offer(run: TestRun): void {
    this.#release(run, 'offered');
    this.#assign();
  }

  /** Everything that sessions without a stream hold is offered again, as when their leases have expired. */
  forgetSessions(): void {
    for (const run of this.runs.values()) {
      if (run.holder === undefined || this.sessions.get(run.holder)?.stream !== undefined) continue;
      this.#release(run, 'expired');
    }
    this.#assign();
  }

  close(): void {
    for (const run of this.runs.values()) closeWaits(run);
  }

  #adopt(stream: TestStream, { handle, lease }: HeldItem): HeldState {
    const run = this.runs.get(lease?.runId ?? '');
    const isHeld = run !== undefined && run.holder === stream.sessionId && run.fence === lease?.fence;
    if (!isHeld || run.incarnation !== lease?.incarnation) return heldStateOf(handle, undefined);
    stream.items.set(handle, { run, fence: run.fence });
    return heldStateOf(handle, run);
  }

  #record(stream: TestStream, frame: StepRecord | Park | ChildStart): void {
    const item = stream.items.get(frame.handle);
    const { ordinal, handle } = frame;
    if (item === undefined || item.run.fence !== item.fence || item.run.status !== 'open') {
      this.#open?.reject.push(rejectionOf(handle, ordinal, ErrorReason.LEASE_LOST));
      return;
    }
    const { run } = item;
    const reason = this.refuse(run, ordinal);
    if (reason !== undefined) {
      this.#open?.reject.push(rejectionOf(handle, ordinal, reason));
      return;
    }
    if (ordinal > run.stepCount + 1) {
      this.#open?.reject.push(rejectionOf(handle, ordinal, ErrorReason.STEPS_MISSING, run.stepCount));
      return;
    }
    if (ordinal === run.stepCount + 1) {
      run.stepCount = ordinal;
      appendRecord(run, frame, this.world);
    }
    this.#open?.ack.push(ackOf(run, handle, false));
  }

  /** An event that the function has to hear of: over the stream of its worker, or by a new assignment. */
  #news(run: TestRun, event: Event): void {
    run.newsSequence = Number(event.sequence);
    const [stream, handle] = this.#holderOf(run);
    if (stream === undefined) return this.world.offer(run);
    this.#answer(stream, (response) => {
      response.wake.push({
        $typeName: 'millrace.state.v1.Wake',
        handle,
        events: [event],
        lastSequence: event.sequence,
      });
    });
  }

  #tell(run: TestRun, act: (stream: TestStream | undefined, handle: number) => void): void {
    const [stream, handle] = this.#holderOf(run);
    if (stream === undefined) act(undefined, 0);
    else this.#answer(stream, () => act(stream, handle));
    this.#assign();
  }

  #holderOf(run: TestRun): [TestStream | undefined, number] {
    const stream = run.holder === undefined ? undefined : this.sessions.get(run.holder)?.stream;
    if (stream === undefined) return [undefined, 0];
    for (const [handle, item] of stream.items)
      if (item.run === run && item.fence === run.fence) return [stream, handle];
    return [undefined, 0];
  }

  #settle(stream: TestStream, handle: number, stepCount: number | undefined, act: (run: TestRun) => void): void {
    const item = stream.items.get(handle);
    if (item === undefined || item.run.fence !== item.fence || item.run.status !== 'open') {
      this.#open?.reject.push(rejectionOf(handle, 0, ErrorReason.LEASE_LOST));
      return;
    }
    const { run } = item;
    if (stepCount !== undefined && stepCount !== run.stepCount) {
      this.#open?.reject.push(rejectionOf(handle, 0, ErrorReason.STEPS_MISSING, run.stepCount));
      return;
    }
    run.holder = undefined;
    act(run);
    stream.items.delete(handle);
    this.#open?.ack.push(ackOf(run, handle, true));
  }

  #end(run: TestRun, status: TestRun['status']): void {
    append(run, { case: 'runEnded', value: {} });
    run.status = status;
    closeWaits(run);
  }

  #release(run: TestRun, reason: string): void {
    run.holder = undefined;
    append(run, { case: 'taskReleased', value: { reason } });
    this.#schedule(run);
  }

  #schedule(run: TestRun): void {
    append(run, { case: 'taskScheduled', value: {} });
    run.isReady = true;
  }

  #assign(): void {
    for (const run of this.runs.values()) {
      if (!run.isReady || run.isPaused || run.status !== 'open') continue;
      for (const [sessionId, session] of this.sessions) {
        const { stream } = session;
        if (stream === undefined || session.credits === 0) continue;
        if (
          !stream.hello.definitions.some(
            ({ workflow, version }) => workflow === run.workflow && version === run.version,
          )
        )
          continue;
        session.credits -= 1;
        this.#lease(run, sessionId, stream);
        break;
      }
    }
  }

  #lease(run: TestRun, sessionId: string, stream: TestStream): void {
    this.#fence += 1n;
    this.#lastHandle += 2;
    const handle = this.#lastHandle;
    run.fence = this.#fence;
    run.holder = sessionId;
    run.isReady = false;
    append(run, { case: 'taskLeased', value: {} });
    stream.items.set(handle, { run, fence: run.fence });
    this.#answer(stream, (response) => response.assign.push(assignmentOf(run, handle, this.maxHistory)));
  }

  /** Opens the answer to a stream, unless it is open, and sends it when it was opened here. */
  #answer(stream: TestStream, act: (response: WorkResponse) => unknown): void {
    if (this.#open !== undefined && this.#openFor === stream) {
      act(this.#open);
      return;
    }
    const before = [this.#open, this.#openFor] as const;
    const response = create(WorkResponseSchema);
    this.#open = response;
    this.#openFor = stream;
    act(response);
    [this.#open, this.#openFor] = before;
    stream.send(response);
  }
}
