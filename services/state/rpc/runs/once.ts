import { createHash } from 'node:crypto';
import type { CommandKind } from '#libs/engine/commands/command.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { requestScope } from '#libs/partition/state/partition-state.ts';
import { unpackRequest } from '#libs/partition/state/request-row.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';

/** How long a request id is kept. */
const REQUEST_ID_MS: number = 24 * 60 * 60 * 1000;

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
  const argumentsHash = createHash('sha256').update(JSON.stringify(change.words, replaceBigints)).digest();
  const name = { ...key, rpc, requestId };
  const scope = requestScope(name);
  const row = partition.state.requests.has(scope) ? undefined : await store.tables.readRequestId(name);
  const kept = row === undefined ? undefined : unpackRequest(row);
  return await ask(partition, key, {
    intent,
    act: (visit) => {
      const known =
        partition.state.requests.get(scope) ?? (kept !== undefined && kept.expireTime > visit.now ? kept : undefined);
      if (known !== undefined) {
        if (Buffer.compare(known.argumentsHash, argumentsHash) !== 0) throw reused(requestId);
        return change.decode(known.reply);
      }
      const answer = act(visit, partition.line.position);
      const expireTime = visit.now + REQUEST_ID_MS;
      visit.record({ kind: 'requestAnswered', ...name, argumentsHash, reply: change.encode(answer), expireTime });
      return answer;
    },
  });
}

function reused(requestId: string): DomainError {
  return new DomainError('REQUEST_ID_REUSED', 'request_id was used with other arguments', {
    metadata: { request_id: requestId },
  });
}

function replaceBigints(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
