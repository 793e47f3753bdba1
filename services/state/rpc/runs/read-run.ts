import { type Run as RunMessage, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { Event } from '#libs/engine/events/event.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { waitsFor } from '#libs/engine/views/waits-for.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { findRun } from '#libs/partition/serve/history.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import type { PayloadToProto } from '../wire/payload.ts';
import { type RunExtras, runToProto } from '../wire/run.ts';
import { stateDocument } from './state-document.ts';

/** How often a run that changes while it is read is read again. */
const MAX_ATTEMPTS = 20;

/** How a run is read. */
export interface ReadOptions {
  readonly view: RunView;
  /** Without what it was started with. Default: with it, where the view has it. */
  readonly withoutInput?: boolean;
  readonly payload?: PayloadToProto;
}

/**
 * Reads a run, the newest incarnation where none is named. What it shows is durable, and of one moment.
 *
 * @throws RUN_NOT_FOUND.
 */
export async function readRun(
  context: StateContext,
  key: RunKey,
  incarnation: string,
  options: ReadOptions,
): Promise<{ readonly run: RunMessage; readonly hot: HotRun }> {
  for (let attempt = 1; ; attempt += 1) {
    const { hot, lastSequence } = await findRun(context.history, context.node.partitionOf(key), key, incarnation);
    if (hot.run.lastSequence !== lastSequence && attempt < MAX_ATTEMPTS) continue;
    const run = runToProto(hot, options.view, {
      ...(options.payload === undefined ? {} : { payload: options.payload }),
    });
    if (options.view === RunView.BASIC || options.view === RunView.UNSPECIFIED) return { run, hot };
    const extras = await readExtras(context, hot, options);
    // The message was made of what was durable; what the documents show must be of the same moment.
    if (hot.run.lastSequence === lastSequence || attempt >= MAX_ATTEMPTS) {
      return { run: runToProto(hot, options.view, extras), hot };
    }
  }
}

/** Reads what is not in memory, as far as the view asks for it. */
async function readExtras(
  { store }: StateContext,
  hot: HotRun,
  { view, withoutInput = false, payload }: ReadOptions,
): Promise<RunExtras> {
  const { run } = hot;
  const eventAt = async (sequence: number): Promise<Event | undefined> => {
    const window = { afterSequence: sequence - 1, maxEvents: 1, maxBytes: Number.MAX_SAFE_INTEGER };
    const [event] = (await readEvents(store.tables, hot, window)).events;
    return event?.sequence === sequence ? event : undefined;
  };
  const failures = new Map<number, Failure>();
  for (const reason of waitsFor(run)) {
    if (reason.kind !== 'retry') continue;
    const event = await eventAt(reason.failureSequence);
    if (event?.kind === 'stepFailed' || event?.kind === 'taskFailed')
      failures.set(reason.failureSequence, event.failure);
  }
  const values: [string, Payload | undefined][] = [];
  for (const [name, sequence] of run.stateKeys) {
    const event = await eventAt(sequence);
    if (event?.kind === 'stateSet') values.push([name, event.value]);
  }
  const first = view === RunView.FULL && !withoutInput ? await eventAt(1) : undefined;
  return {
    failureAt: (sequence) => failures.get(sequence),
    ...(values.length === 0 ? {} : { state: stateDocument(values) }),
    ...(first?.kind === 'runStarted' ? { input: first.input } : {}),
    ...(payload === undefined ? {} : { payload }),
  };
}
