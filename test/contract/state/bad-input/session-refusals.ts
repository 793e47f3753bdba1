import type { MessageInitShape } from '@bufbuild/protobuf';
import { createClient, type Transport } from '@connectrpc/connect';
import { ErrorReason } from '#gen/millrace/common/v1/errors_pb.ts';
import {
  RunAction,
  RunService,
  type SessionControlSchema,
  type SessionRequestSchema,
} from '#gen/millrace/state/v1/run_service_pb.ts';
import { pushed } from '#test/doors/pushed.ts';
import { ROOT } from '../serve-state.ts';
import type { Refusal } from './entry.ts';
import { RUN_ENTRIES, SIGNAL_ENTRIES } from './run-entries.ts';
import type { World } from './world.ts';

type Init = Exclude<MessageInitShape<typeof SessionRequestSchema>, { $typeName: string }>;
type ControlInit = Exclude<MessageInitShape<typeof SessionControlSchema>, { $typeName: string }>;

const NAMES: ReadonlyMap<number | undefined, string> = new Map(
  Object.entries(ErrorReason).map(([name, number]) => [number, name]),
);

/** Reasons by the number of an entry. */
type Reasons = Readonly<Record<number, string>>;

/** An entry of a session for each request that a unary call refuses, in one message, and why each is refused. */
export function refusedEntries(world: World): { readonly message: Init; readonly reasons: Reasons } {
  const reasons: Record<number, string> = {};
  let last = 0;
  const numbered = <I, E>(
    refusals: readonly Refusal<I>[] | undefined,
    entry: (call: number, change: Partial<I>) => E,
  ): E[] =>
    (refusals ?? []).map(({ change, reason }) => {
      last += 1;
      reasons[last] = reason;
      return entry(last, change);
    });
  const control = (name: 'cancelRun' | 'pauseRun' | 'resumeRun' | 'terminateRun', action: RunAction): ControlInit[] =>
    numbered(RUN_ENTRIES[name].refusals?.(world), (call, change) => {
      const { runId, incarnation } = { ...RUN_ENTRIES[name].request(world), ...change };
      return { call, action, runId: runId ?? '', incarnation: incarnation ?? '' };
    });
  const message: Init = {
    tenantId: world.tenantId,
    start: numbered(RUN_ENTRIES.startRun.refusals?.(world), (call, change) => {
      return { call, start: { ...RUN_ENTRIES.startRun.request(world), ...change } };
    }),
    wait: numbered(RUN_ENTRIES.waitRun.refusals?.(world), (call, change) => {
      const { runId, incarnation } = { ...RUN_ENTRIES.waitRun.request(world), ...change };
      return { call, runId: runId ?? '', incarnation: incarnation ?? '' };
    }),
    sendSignal: numbered(SIGNAL_ENTRIES.sendSignal.refusals?.(world), (call, change) => {
      return { call, signal: { ...SIGNAL_ENTRIES.sendSignal.request(world), ...change } };
    }),
    control: [
      ...control('cancelRun', RunAction.CANCEL),
      ...control('pauseRun', RunAction.PAUSE),
      ...control('resumeRun', RunAction.RESUME),
      ...control('terminateRun', RunAction.TERMINATE),
    ],
  };
  return { message, reasons };
}

/** Sends a message over a session of its own, and answers what became of so many entries. */
export async function sendEntries(transport: Transport, message: Init, count: number): Promise<Reasons> {
  const leaving = new AbortController();
  const requests = pushed(message);
  const answers = createClient(RunService, transport).session(requests.messages, { ...ROOT, signal: leaving.signal });
  const reasons: Record<number, string> = {};
  try {
    for await (const { rejected, started, ended, accepted } of answers) {
      for (const { call } of [...started, ...ended, ...accepted]) reasons[call] = 'answered';
      for (const { call, rejection } of rejected) {
        reasons[call] = NAMES.get(rejection?.reason) ?? 'unknown';
      }
      if (Object.keys(reasons).length === count) break;
    }
  } finally {
    requests.end();
    leaving.abort();
  }
  return reasons;
}
