import { type Run as RunMessage, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { Event } from '#libs/engine/events/event.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import { waitsFor } from '#libs/engine/views/waits-for.ts';
import { readEvents } from '#libs/partition/rows/read-events.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { StateStore, StateTables } from '#libs/store/store.ts';
import { jsonPayload, stateDocument } from '../runs/state-document.ts';
import type { StateDocument } from '../state-document/document.ts';
import { maybeDocument, readKeptDocument } from '../state-document/kept-documents.ts';
import { failureToProto } from '../wire/failure.ts';
import { type PayloadToProto, payloadToReadableProto } from '../wire/payload.ts';
import { type RunExtras, runToProto } from '../wire/run.ts';
import { eventsAt } from './events-at.ts';

/** How a run is shown. */
export interface ShowOptions {
  readonly view: RunView;
  /** Without what it was started with. Default: with it, where the view has it. */
  readonly withoutInput?: boolean;
  /** How payloads are answered. Default: readable. */
  readonly payload?: PayloadToProto;
  readonly extras?: Pick<RunExtras, 'quarantined'>;
}

/**
 * A run as it is at one moment, in memory. What it shows of its events is not here, but which events they are: those
 * never change, so that they may be read later, and what they show is of the same moment.
 */
export interface RunDraft {
  readonly hot: HotRun;
  readonly message: RunMessage;
  readonly payload: PayloadToProto;
  /** The events that hold the values of the state document of a function. */
  readonly stateKeys: readonly (readonly [name: string, sequence: number])[];
  /** The state document of a CLIENT run: itself where it is in memory, or where its changes are. Absent: there is none. */
  readonly document: StateDocument | readonly number[] | undefined;
  /** The events that hold the failures of attempts that are waited after, by the place of the wait. */
  readonly failures: readonly (readonly [wait: number, sequence: number])[];
  readonly hasInput: boolean;
  /** Nothing of the run changes any more. */
  readonly isOver: boolean;
}

/** Drafts a run, as far as the view goes. */
export function draftRun(hot: HotRun, options: ShowOptions): RunDraft {
  const { view, payload = payloadToReadableProto, withoutInput = false, extras } = options;
  const hasState = view === RunView.STATE || view === RunView.FULL;
  return {
    hot,
    message: runToProto(hot, view, { ...extras, payload }),
    payload,
    stateKeys: hasState ? [...hot.run.stateKeys] : [],
    document: hasState ? documentOf(hot) : undefined,
    failures: hasState
      ? waitsFor(hot.run).flatMap((reason, wait) => (reason.kind === 'retry' ? [[wait, reason.failureSequence]] : []))
      : [],
    hasInput: view === RunView.FULL && !withoutInput,
    isOver: isTerminal(hot.run.status),
  };
}

/**
 * Completes a draft with what its events hold.
 *
 * @throws DATA_CORRUPTION for a log that does not decode.
 */
export async function finishRun(
  store: StateStore,
  { hot, message, payload, stateKeys, document, failures, hasInput }: RunDraft,
): Promise<RunMessage> {
  const { tables } = store;
  const wanted = [...stateKeys, ...failures].map(([, sequence]) => sequence);
  if (wanted.length > 0) {
    const events = await eventsAt(tables, hot, wanted);
    for (const [index, sequence] of failures) {
      const kind = message.waits[index]?.kind;
      const failure = failureIn(events.get(sequence));
      if (kind?.case === 'retry' && failure !== undefined) kind.value.failure = failureToProto(failure, payload);
    }
    if (stateKeys.length > 0) {
      message.state = payload(stateDocument(stateKeys.flatMap(([name, at]) => valueIn(name, events.get(at)))));
    }
  }
  if (document !== undefined) {
    const { value } = 'value' in document ? document : await readKeptDocument(store, hot, document);
    message.state = payload(jsonPayload(JSON.stringify(value)));
  }
  if (hasInput) message.input = payload(await readInput(tables, hot));
  return message;
}

function documentOf(hot: HotRun): RunDraft['document'] {
  const { client } = hot.run;
  if (client === undefined || client.stateVersion === 0) return undefined;
  return maybeDocument(hot) ?? client.statePlaces;
}

/** The failure that an event holds, if it holds one. */
export function failureIn(event: Event | undefined): Failure | undefined {
  return event?.kind === 'stepFailed' || event?.kind === 'taskFailed' ? event.failure : undefined;
}

function valueIn(name: string, event: Event | undefined): [string, Payload | undefined][] {
  return event?.kind === 'stateSet' ? [[name, event.value]] : [];
}

async function readInput(tables: Pick<StateTables, 'readSegments'>, hot: HotRun): Promise<Payload | undefined> {
  const window = { afterSequence: 0, maxEvents: 1, maxBytes: 0, includeSystem: true };
  const [first] = (await readEvents(tables, hot, window)).events;
  const started = first?.kind === 'systemRecord' ? first.record : first;
  return started?.kind === 'runStarted' ? started.input : undefined;
}
