import { randomUUIDv7 } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { pino } from 'pino';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import { RejectionSchema } from '#gen/millrace/state/v1/rejection_pb.ts';
import {
  RunService,
  type SessionRequest,
  type SessionResponse,
  SessionResponseSchema,
  StartOutcome,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { createDevelopmentAuthenticator } from '#libs/auth/development-authenticator.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { createChannel, type RpcChannel } from '#libs/rpc/client/channel.ts';
import { createRpcServer } from '#libs/rpc/server.ts';
import { bindService } from '#libs/rpc/service-binding.ts';

/** When a stream is cut: before a message is handled, before its answers leave, or after them. */
export type CutPoint = 'before' | 'between' | 'after';

interface TestRun {
  readonly runId: string;
  readonly incarnation: string;
  isOver: boolean;
}

interface TestStream {
  readonly send: (message: SessionResponse) => void;
  readonly cut: () => void;
  readonly waits: Map<number, TestRun>;
}

/** A server of sessions that remembers request ids, behind a real door. */
export interface TestSessions extends AsyncDisposable {
  readonly channel: RpcChannel;
  readonly requests: SessionRequest[];
  /** Runs in the order of their starts: each request id starts one. */
  readonly runs: TestRun[];
  /** Names of signals that were taken, each request id once. */
  readonly signals: string[];
  readonly streams: number;
  readonly openStreams: number;
  /** Runs end by themselves. Default true. */
  endsRuns: boolean;
  /** Refuses an entry by its run id. */
  refuse: (runId: string) => ErrorReason | undefined;
  end(runId: string): void;
  /** Refuses all waits for now, as when their runs are handed over. */
  handOver(): void;
  cutAt(message: number, point: CutPoint): void;
  cut(): void;
  sendAway(): void;
  refuseStreams: DomainError | undefined;
}

/** Starts one. */
export async function startTestSessions(): Promise<TestSessions> {
  const byRequest = new Map<string, TestRun>();
  const signalled = new Set<string>();
  const open = new Set<TestStream>();
  let messages = 0;
  let streams = 0;
  let cutMessage = 0;
  let cutPoint: CutPoint = 'before';

  function rejectedOf(call: number, reason: ErrorReason): SessionResponse['rejected'][number] {
    const rejection = create(RejectionSchema, {
      reason,
      message: 'refused by the test',
      retryDelay: durationFromMs(1),
    });
    return { $typeName: 'millrace.state.v1.SessionRejected', call, rejection };
  }

  function started(run: TestRun, call: number): SessionResponse['started'][number] {
    const { runId, incarnation } = run;
    const outcome = StartOutcome.STARTED;
    return { $typeName: 'millrace.state.v1.SessionStarted', call, outcome, runId, incarnation };
  }

  function ended({ runId, incarnation }: TestRun, call: number): SessionResponse['ended'][number] {
    const status = RunStatus.COMPLETED;
    return { $typeName: 'millrace.state.v1.SessionEnded', call, runId, incarnation, status };
  }

  function handle(request: SessionRequest, waits: Map<number, TestRun>): SessionResponse {
    const answer = create(SessionResponseSchema);
    const refused = (call: number, runId: string): boolean => {
      const reason = server.refuse(runId);
      if (reason === undefined) return false;
      answer.rejected.push(rejectedOf(call, reason));
      return true;
    };
    const watch = (run: TestRun, call: number): void => {
      if (run.isOver) answer.ended.push(ended(run, call));
      else waits.set(call, run);
    };
    for (const { call, start, wait } of request.start) {
      if (start === undefined || refused(call, start.runId)) continue;
      let run = byRequest.get(start.requestId);
      if (run === undefined) {
        run = { runId: start.runId, incarnation: randomUUIDv7(), isOver: server.endsRuns };
        byRequest.set(start.requestId, run);
        server.runs.push(run);
      }
      answer.started.push(started(run, call));
      if (wait) watch(run, call);
    }
    for (const { call, runId } of request.wait) {
      const run = server.runs.find((each) => each.runId === runId);
      if (!refused(call, runId) && run !== undefined) watch(run, call);
    }
    for (const { call, signal } of request.sendSignal) {
      if (signal === undefined || refused(call, signal.runId)) continue;
      const duplicate = signalled.has(signal.requestId);
      if (!duplicate) server.signals.push(signal.name);
      signalled.add(signal.requestId);
      answer.accepted.push({
        $typeName: 'millrace.state.v1.SessionAccepted',
        call,
        duplicate,
        status: RunStatus.RUNNING,
      });
    }
    for (const { call, runId } of request.control) {
      if (refused(call, runId)) continue;
      const status = RunStatus.PAUSED;
      answer.accepted.push({ $typeName: 'millrace.state.v1.SessionAccepted', call, duplicate: false, status });
    }
    for (const call of request.forget) waits.delete(call);
    return answer;
  }

  const binding = bindService(RunService, {
    session: {
      ping: () => create(SessionResponseSchema, { ping: {} }),
      async handle(requests, context, out) {
        streams += 1;
        if (server.refuseStreams !== undefined) throw server.refuseStreams;
        const broken = Promise.withResolvers<never>();
        broken.promise.catch(() => undefined);
        let isMuted = false;
        const waits = new Map<number, TestRun>();
        const stream = {
          waits,
          send: (message: SessionResponse) => {
            if (!isMuted && !context.signal.aborted) void out.send(message);
          },
          cut: () => {
            isMuted = true;
            broken.reject(new DomainError('UNAVAILABLE', 'cut by the test'));
          },
        };
        open.add(stream);
        const take = (request: SessionRequest): void => {
          messages += 1;
          const isHere = messages === cutMessage;
          if (isHere && cutPoint === 'before') return stream.cut();
          server.requests.push(request);
          if (isHere && cutPoint === 'between') stream.cut();
          stream.send(handle(request, waits));
          if (isHere && cutPoint === 'after') setImmediate(stream.cut);
          return undefined;
        };
        try {
          await Promise.race([
            broken.promise,
            (async () => {
              for await (const request of requests) take(request);
            })(),
          ]);
        } finally {
          open.delete(stream);
        }
      },
    },
  });
  const rpc = await createRpcServer({
    services: [binding],
    grpcListen: '127.0.0.1:0',
    httpListen: '127.0.0.1:0',
    authenticator: createDevelopmentAuthenticator(),
    log: pino({ level: 'silent' }),
  });
  const channel = createChannel({ address: rpc.addresses.grpc });
  const server: TestSessions = {
    channel,
    requests: [],
    runs: [],
    signals: [],
    get streams() {
      return streams;
    },
    get openStreams() {
      return open.size;
    },
    endsRuns: true,
    refuse: () => undefined,
    handOver: () => {
      for (const { send, waits } of open) {
        const rejected = Array.from(waits.keys(), (call) => rejectedOf(call, ErrorReason.UNAVAILABLE));
        waits.clear();
        send(create(SessionResponseSchema, { rejected }));
      }
    },
    end: (runId) => {
      for (const run of server.runs) if (run.runId === runId) run.isOver = true;
      for (const { send, waits } of open) {
        const answer = create(SessionResponseSchema);
        for (const [call, run] of waits) {
          if (run.runId !== runId) continue;
          waits.delete(call);
          answer.ended.push(ended(run, call));
        }
        if (answer.ended.length > 0) send(answer);
      }
    },
    cutAt: (message, point) => {
      cutMessage = message;
      cutPoint = point;
    },
    cut: () => {
      for (const { cut } of open) cut();
    },
    sendAway: () => {
      for (const { send } of open) send(create(SessionResponseSchema, { goAway: { reason: 'test' } }));
    },
    refuseStreams: undefined,
    async [Symbol.asyncDispose]() {
      channel.close();
      await rpc[Symbol.asyncDispose]();
    },
  };
  return server;
}
