import type { CommandKind } from '#libs/engine/commands/command.ts';
import { mayBeAnswered, noteAnswered } from '#libs/partition/runs/answered-requests.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { requestScope } from '#libs/partition/state/partition-state.ts';
import { unpackRequest } from '#libs/partition/state/request-row.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { RequestIdKey } from '#libs/store/tables/request-ids.ts';
import type { StateContext } from '../context.ts';
import { hashWords } from './hash-words.ts';
import { assertSameRequest, REQUEST_ID_MS } from './request-ids.ts';

/** A change of a run that may be asked for again. */
export interface Change<T> {
  readonly key: RunKey;
  /** The name of the RPC, a part of the request id's scope. */
  readonly rpc: string;
  /** Empty: it is not asked for again. */
  readonly requestId: string;
  /** Everything that the request says besides: other words under the same id are refused. */
  readonly words: readonly unknown[];
  readonly intent: CommandKind;
  /** What it throws is told and changes nothing. */
  readonly act: (visit: RunVisit, position: number) => T;
  readonly encode: (answer: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
}

/**
 * Makes a change once: a repeat with the same request id gets the first answer. [journal.md 21]
 *
 * @throws REQUEST_ID_REUSED, and what `act` throws.
 */
export async function once<T>({ node, store }: StateContext, change: Change<T>): Promise<T> {
  const { key, rpc, requestId, intent, act } = change;
  const partition = node.partitionOf(key);
  if (requestId === '') {
    return await ask(partition, key, { intent, act: (visit) => act(visit, partition.line.position) });
  }
  const argumentsHash = hashWords(change.words);
  const name = { ...key, rpc, requestId };
  const scope = requestScope(name);
  const row = mayHaveRow(partition, name, scope) ? await store.tables.readRequestId(name) : undefined;
  const kept = row === undefined ? undefined : unpackRequest(row);
  return await ask(partition, key, {
    intent,
    act: (visit) => {
      const known =
        partition.state.requests.get(scope) ?? (kept !== undefined && kept.expireTime > visit.now ? kept : undefined);
      if (known !== undefined) {
        assertSameRequest(known.argumentsHash, argumentsHash, requestId);
        return change.decode(known.reply);
      }
      const answer = act(visit, partition.line.position);
      const expireTime = visit.now + REQUEST_ID_MS;
      visit.record({ kind: 'requestAnswered', ...name, argumentsHash, reply: change.encode(answer), expireTime });
      if (visit.hot === undefined) partition.noteKnown(key);
      else noteAnswered(visit.hot, rpc, requestId);
      return answer;
    },
  });
}

/** Whether the answer may stand in the tables. */
function mayHaveRow(partition: Partition, name: RequestIdKey, scope: string): boolean {
  return !partition.state.requests.has(scope) && mayBeAnswered(partition.peek(name), name.rpc, name.requestId);
}
