import { pino } from 'pino';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import { CleanUp } from '#libs/lifecycle/clean-up.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createLocalChannel } from '#libs/rpc/local/local-channel.ts';
import { Client } from '#libs/sdk/client/client.ts';
import { writeLine } from '#libs/sdk/run/workflow-log.ts';
import { connectionOver } from '#libs/sdk/values/connection.ts';
import type { TestEnvironment, TestEnvironmentOptions } from './test-environment.ts';
import { startTestState } from './test-state.ts';
import { startTestWorker } from './test-worker.ts';
import { createTimeKeeper } from './time-keeper.ts';
import { createVirtualClock } from './virtual-clock.ts';

const PAGE_SIZE = 1_000;

/** Opens an environment whose options are in range, and answers when its worker is connected. */
export async function openEnvironment(options: TestEnvironmentOptions): Promise<TestEnvironment> {
  const parts = new CleanUp();
  try {
    return await open(options, parts);
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function open(options: TestEnvironmentOptions, parts: CleanUp): Promise<TestEnvironment> {
  const { workflows, startTime = Date.now(), jumps = true, onLog = writeLine, limits = {} } = options;
  const onActivity = (): void => time.note();
  const clock = createVirtualClock(Number(startTime), onActivity);
  parts.defer(() => clock.close());
  const log = pino({ level: 'silent' });
  const time = createTimeKeeper(
    {
      clock,
      nextTime: () => Math.min(state.nextWakeTime(), clock.nextTimer()),
      isIdle: () => worker.taken === 0 && state.isConnected(worker.workerId),
      onTurned: () => state.hearWorkers(),
    },
    false,
  );
  const state = await startTestState({ clock: clock.server, log, onActivity });
  parts.defer(() => state.stop());
  const server = () => state.server;
  const worker = await startTestWorker({ workflows, clock: clock.worker, server, onLog, limits });
  parts.defer(() => worker.close());
  const channel = createLocalChannel({ server });
  parts.use(channel);
  const client = parts.use(new Client(connectionOver(channel)));
  const logs = createClient(EventLogService, channel);
  parts.defer(() => time.close());
  time.jumps = jumps;
  time.note();

  return {
    client,
    get now() {
      return new Date(clock.now());
    },
    get jumps() {
      return time.jumps;
    },
    set jumps(value) {
      time.jumps = value;
      time.note();
    },
    advance: async (ms) => {
      if (!(ms >= 0)) throw new RangeError('ms must be 0 or more');
      await time.advance(ms);
    },
    history: async ({ runId, incarnation = '' }) => {
      const events: Event[] = [];
      let pageToken = '';
      do {
        const page = await logs.listEvents({ runId, incarnation, pageSize: PAGE_SIZE, pageToken });
        events.push(...page.events);
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return events;
    },
    cutStreams: () => worker.cut(),
    killWorker: async ({ atStep } = {}) => {
      if (atStep !== undefined && !(atStep >= 1)) throw new RangeError('atStep must be 1 or more');
      await worker.kill(atStep);
    },
    restartState: () => state.restart(),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
