import { setTimeout as delay } from 'node:timers/promises';
import { toJson } from '@bufbuild/protobuf';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { EventSchema } from '#gen/millrace/state/v1/event_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createRunSession, type RunSession } from '#libs/run-session/run-session.ts';
import { payloadOf, textOf } from './texts.ts';

/** What runs of the load do. */
export type LoadKind = 'steps' | 'signal' | 'parent';

/** A run that was asked for. */
export interface LoadedRun {
  readonly runId: string;
  readonly kind: LoadKind;
  /** How many steps, or children, it has. */
  readonly size: number;
  readonly askedMs: number;
  /** Undefined: it has not ended. */
  endedMs: number | undefined;
}

/** Starts runs and waits for their ends, whatever happens to the service. Disposing gives up. */
export interface Load extends AsyncDisposable {
  readonly runs: readonly LoadedRun[];
  /** Asks for a run. Answers when it has ended; rejects when it did not complete, or was refused. */
  start(): Promise<void>;
  /** Asks for so many runs at once. Answers when the first of them has started. */
  startMany(count: number): Promise<void>;
  /** Keeps so many runs under way until it is told to stop. Answers when the last of them has ended. */
  keep(concurrency: number, isOver: () => boolean): Promise<void>;
  /** Waits until all runs have ended. Rejects with the first failure, or names the runs that did not end in time. */
  untilEnded(timeoutMs: number): Promise<void>;
}

/** What a load is made of. */
export interface LoadOptions {
  readonly address: string;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Which runs it asks for. Default: all kinds. */
  readonly kinds?: readonly LoadKind[];
  /** Steps of a run of steps. Default: 1 to 10. */
  readonly steps?: number;
}

const CHILDREN = 2;
/** Longer than any storm in which a service is hardly ever up: a hundred kills that cost a lease each take 17 minutes. */
const GIVE_UP_MS = 3_600_000;
/** The longest pause between two runs that are kept under way. */
const THINK_MS = 100;
const MAX_EXPLAINED = 10;
const EXPLAIN_TIMEOUT_MS = 5_000;

/** Makes a load over one session. */
export function createLoad({ address, random, kinds, steps }: LoadOptions): Load {
  const channel = createChannel({ address });
  const session = createRunSession({
    channel,
    limits: { maxAttempts: 1_000, giveUpMs: GIVE_UP_MS, retryMaxMs: 1_000 },
  });
  const runs: LoadedRun[] = [];
  const ends: Promise<void>[] = [];

  function start(onStarted: () => void = () => undefined): Promise<void> {
    const kind = kinds?.[Math.floor(random() * kinds.length)] ?? kindOf(random());
    const size = kind === 'parent' ? CHILDREN : (steps ?? 1 + Math.floor(random() * 10));
    const run = { runId: `run-${runs.length}`, kind, size, askedMs: Date.now(), endedMs: undefined };
    runs.push(run);
    const end = see(session, run, random() * 50, onStarted, tellLog);
    end.catch(() => undefined);
    ends.push(end);
    return end;
  }

  async function explain(runId: string): Promise<string> {
    const client = createClient(RunService, channel, { retry: { maxAttempts: 1 } });
    try {
      const { summary, run } = await client.explainRun({ runId }, { deadlineMs: EXPLAIN_TIMEOUT_MS });
      return `${runId}: ${summary}, at ${run?.lastSequence}:\n${await tellLog(runId)}\n`;
    } catch (error) {
      return `${runId}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** What happened to a run, for whoever wonders. */
  async function tellLog(runId: string): Promise<string> {
    const log = createClient(EventLogService, channel);
    const { events } = await log.listEvents({ runId, includeSystem: true, pageSize: 1_000 });
    return events.map((event) => JSON.stringify(toJson(EventSchema, event))).join('\n');
  }

  return {
    runs,
    start: () => start(),
    startMany: (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      for (let index = 0; index < count; index += 1) start(resolve).catch(resolve);
      return promise;
    },
    keep: async (concurrency, isOver) => {
      const one = async (): Promise<void> => {
        while (!isOver()) {
          await start();
          await delay(random() * THINK_MS);
        }
      };
      await Promise.all(Array.from({ length: concurrency }, one));
    },
    untilEnded: async (timeoutMs) => {
      const timer = new AbortController();
      const late = delay(timeoutMs, undefined, { signal: timer.signal }).then(async () => {
        const open = runs.filter(({ endedMs }) => endedMs === undefined);
        const told = await Promise.all(open.slice(0, MAX_EXPLAINED).map(({ runId }) => explain(runId)));
        throw new Error(`${open.length} runs did not end within ${timeoutMs} ms: ${told.join('; ')}`);
      });
      try {
        await Promise.race([Promise.all(ends), late]);
      } finally {
        timer.abort();
        late.catch(() => undefined);
      }
    },
    [Symbol.asyncDispose]: async () => {
      session.close();
      await channel[Symbol.asyncDispose]();
    },
  };
}

function kindOf(chance: number): LoadKind {
  if (chance < 0.2) return 'signal';
  return chance < 0.35 ? 'parent' : 'steps';
}

/** Sees a run from its start to its end. */
async function see(
  session: RunSession,
  run: LoadedRun,
  signalAfterMs: number,
  onStarted: () => void,
  tellLog: (runId: string) => Promise<string>,
): Promise<void> {
  const { runId, kind, size } = run;
  const { started, ended } = session.start(
    { workflow: kind, runId, input: payloadOf(String(size)) },
    { wait: true, brief: true },
  );
  ended.catch(() => undefined);
  await started;
  onStarted();
  if (kind === 'signal') {
    await delay(signalAfterMs);
    await session.signal({ runId, name: 'go', signalId: 'once', payload: payloadOf(runId) });
  }
  const { status, output, failure } = await ended;
  if (status !== RunStatus.COMPLETED) {
    throw new Error(`${runId} ended with status ${status}: ${failure?.message ?? ''}`);
  }
  const wanted = outputOf(run);
  if (textOf(output) !== wanted) {
    const answer = `${runId} (${kind}) answered ${output?.value.case} '${textOf(output)}' instead of '${wanted}'`;
    throw new Error(`${answer}: ${await tellLog(runId)}`);
  }
  run.endedMs = Date.now();
}

function outputOf({ runId, kind, size }: LoadedRun): string {
  if (kind === 'signal') return runId;
  return kind === 'parent' ? Array.from({ length: size }, () => '2').join() : String(size);
}
