import { create } from '@bufbuild/protobuf';
import { PayloadSchema } from '#gen/millrace/common/v1/payload_pb.ts';
import type { PatchState } from '#libs/engine/commands/client-commands.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { newestOf } from '../client-runs/change-client-run.ts';
import { ReadFirst, readingFirst } from '../client-runs/read-first.ts';
import { createSettledPayloads, type SettledPayloads } from '../client-runs/settled-payloads.ts';
import type { StateContext } from '../context.ts';
import { lookAt } from '../reads/look-at.ts';
import { commitTokenOf } from '../runs/commit-token.ts';
import { once } from '../runs/once.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import {
  asWhole,
  type ChangedDocument,
  type DocumentChange,
  isWholeDue,
  lengthIn,
  MAX_STATE_BYTES,
  maybeChangeDocument,
  type StateDocument,
} from './document.ts';
import { keepDocument, loadDocument, maybeDocument, readDocument } from './kept-documents.ts';

/** How often a large document is stored to be recorded as a whole while others change it; then the change is recorded. */
const MAX_WHOLES = 3;

/** A change of the state document of a run, by a call that may be repeated. */
export interface RunStateChange extends DocumentChange {
  readonly runKey: RunKey;
  readonly rpc: string;
  /** Empty: the newest. */
  readonly incarnation: string;
  readonly requestId: string;
  /** Absent: any. */
  readonly expectedVersion: number | undefined;
  readonly signal: AbortSignal;
}

/** What a change came to. */
export interface ChangedState {
  readonly version: number;
  /** How many elements the array has that was appended to. */
  readonly length: number;
  readonly commitToken: string;
  /** The document as it was after the change, as JSON. */
  readonly readText: () => Promise<string>;
}

/** What is kept of an answer: where the changes are, because the document may be large. */
interface Kept {
  readonly version: number;
  readonly length: number;
  readonly commitToken: string;
  readonly incarnation: string;
  readonly places: readonly number[];
  /** Of the first answer only. */
  readonly changed?: ChangedDocument;
}

/** What the log is to have of a change. */
interface Plan {
  readonly change: Pick<PatchState, 'change' | 'value'>;
  readonly changed: ChangedDocument;
}

/**
 * Changes the state document of a CLIENT run [59]: concurrent changes come one after the other, each to what the one
 * before left.
 *
 * @throws RUN_NOT_FOUND, WRONG_DRIVER, RUN_TERMINAL, VERSION_CONFLICT, LEASE_LOST, NOT_AN_ARRAY, PAYLOAD_TOO_LARGE,
 * REQUEST_ID_REUSED.
 */
export async function changeRunState(context: StateContext, asked: RunStateChange): Promise<ChangedState> {
  const { runKey, rpc, incarnation, requestId, expectedVersion } = asked;
  const plan = createPlanner(context, asked);
  const kept = await readingFirst(() =>
    once<Kept>(context, {
      key: runKey,
      rpc,
      requestId,
      words: [incarnation, asked.change, asked.key, asked.text, expectedVersion],
      intent: 'patchState',
      act: (visit, position) => {
        const hot = newestOf(visit, runKey, incarnation);
        const planned = maybePlan(hot, expectedVersion, plan);
        const change = planned?.change ?? { change: asked.change, value: undefined };
        const result = visit.perform({ kind: 'patchState', key: asked.key, expectedVersion, ...change });
        if (result.kind === 'rejected') throw errorFromRejection(result.rejection, runKey);
        if (planned === undefined) throw new TypeError('a change of a state was accepted that was to be refused');
        const { changed } = planned;
        keepDocument(hot, changed.document);
        return {
          version: changed.document.version,
          length: lengthIn(changed.document, asked.key),
          commitToken: commitTokenOf(context.node.partitionOf(runKey), position),
          incarnation: hot.identity.incarnation,
          places: hot.run.client?.statePlaces ?? [],
          changed,
        };
      },
      encode: ({ changed: _changed, ...rest }) => Buffer.from(JSON.stringify(rest)),
      decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Kept,
    }),
  );
  return { ...kept, readText: () => readText(context, runKey, kept) };
}

/** The plan for a change that the run takes. Undefined: it is refused whatever the document says. */
function maybePlan(hot: HotRun, expectedVersion: number | undefined, plan: (hot: HotRun) => Plan): Plan | undefined {
  const { client, status } = hot.run;
  if (client === undefined || isTerminal(status)) return undefined;
  return expectedVersion === undefined || expectedVersion === client.stateVersion ? plan(hot) : undefined;
}

/** Plans a change within the visit of its run: what the document becomes, and what the log gets to build it again. */
function createPlanner(context: StateContext, asked: RunStateChange): (hot: HotRun) => Plan {
  const payloads = createSettledPayloads(context, asked.signal);
  let wholes = 0;
  return (hot) => {
    const before = maybeDocument(hot);
    if (before === undefined) throw new ReadFirst(() => loadDocument(context.store, hot));
    const changed = maybeChangeDocument(before, asked);
    if (changed === undefined) throw notAnArray(hot, asked.key);
    const { document } = changed;
    if (document.bytes > MAX_STATE_BYTES) throw tooLarge(hot, document);
    if (asked.change === 'replace' || !isWholeDue(document) || wholes === MAX_WHOLES) {
      return { change: { change: asked.change, value: settled(payloads, hot, asked.text, 'patch') }, changed };
    }
    wholes += 1;
    const text = textOf(changed);
    const value = settled(payloads, hot, text, `state ${document.version}`);
    return { change: { change: 'replace', value }, changed: { document: asWhole(document), text } };
  };
}

function settled(payloads: SettledPayloads, hot: HotRun, text: string, field: string): Payload | undefined {
  const payload = create(PayloadSchema, { value: { case: 'json', value: text } });
  return payloads.take(hot, [{ payload, field }])[0];
}

/** The document of an answer; of a repeat it is built from the log. */
async function readText(context: StateContext, key: RunKey, kept: Kept): Promise<string> {
  if (kept.changed !== undefined) return textOf(kept.changed);
  const { hot } = await lookAt(context, key, kept.incarnation, (found) => ({ hot: found }));
  const { value } = await readDocument(context.store, hot, kept.places);
  return JSON.stringify(value);
}

function textOf({ document, text }: ChangedDocument): string {
  return text ?? JSON.stringify(document.value);
}

function notAnArray({ identity: { runId } }: HotRun, key: string): DomainError {
  return new DomainError('NOT_AN_ARRAY', `${key} in the state of run ${runId} is no array`, {
    metadata: { run_id: runId, key },
  });
}

function tooLarge({ identity: { runId } }: HotRun, { bytes }: StateDocument): DomainError {
  const message = `the state of run ${runId} would have ${bytes} bytes, at most ${MAX_STATE_BYTES} are allowed`;
  return new DomainError('PAYLOAD_TOO_LARGE', message, {
    metadata: { run_id: runId, field: 'state', size: String(bytes), limit: String(MAX_STATE_BYTES) },
  });
}
