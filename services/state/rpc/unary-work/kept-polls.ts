import { type PollWorkRequest, PollWorkRequestSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import { requestScope } from '#libs/partition/state/partition-state.ts';
import { type KeptRequest, unpackRequest } from '#libs/partition/state/request-row.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { assertSameRequest, REQUEST_ID_MS } from '../runs/request-ids.ts';
import { requestDigest } from './request-digest.ts';
import { untilDurable } from './until-durable.ts';

/** The name of the RPC, a part of a request id's scope. */
const RPC = 'PollWork';

/** An item that a poll was answered with. */
export interface KeptItem {
  readonly key: RunKey;
  readonly proof: LeaseProof;
}

/** A poll that may be repeated. */
export interface RepeatablePoll {
  readonly scope: string;
  /**
   * The items of the first answer. Undefined: there was none, or it had no items.
   *
   * @throws REQUEST_ID_REUSED.
   */
  maybeKept(): Promise<readonly KeptItem[] | undefined>;
  /** Keeps the items of an answer; resolves when a repeat finds them whatever happens. */
  keep(items: readonly KeptItem[]): Promise<void>;
}

/**
 * Makes the memory of a poll with a request id. A poll is about no run, so its answer is kept where its first item is: in
 * the partition's journal, then in a row that every node reads. A repeat that comes to another node in the moment between
 * the two, or before the partition has been taken over, is a poll of its own.
 */
export function createRepeatablePoll(
  { node, store, nowMs }: StateContext,
  tenantId: string,
  request: PollWorkRequest,
): RepeatablePoll {
  const { requestId } = request;
  const name = { tenantId, runId: '', rpc: RPC, requestId };
  const scope = requestScope(name);
  const argumentsHash = requestDigest(PollWorkRequestSchema, request);

  async function maybeRequest(): Promise<KeptRequest | undefined> {
    for (const { state } of node.served()) {
      const request = state.requests.get(scope);
      if (request !== undefined) return request;
    }
    const row = await store.tables.readRequestId(name);
    return row === undefined || row.expireTime <= nowMs() ? undefined : unpackRequest(row);
  }

  return {
    scope,
    maybeKept: async () => {
      const kept = await maybeRequest();
      if (kept === undefined) return undefined;
      assertSameRequest(kept.argumentsHash, argumentsHash, requestId);
      return decodeItems(tenantId, kept.reply);
    },
    keep: async (items) => {
      const [first] = items;
      if (first === undefined) return;
      const partition = node.partitionOf(first.key);
      const expireTime = nowMs() + REQUEST_ID_MS;
      partition.record({ kind: 'requestAnswered', ...name, argumentsHash, reply: encodeItems(items), expireTime });
      await untilDurable(partition);
    },
  };
}

type ItemText = [runId: string, incarnation: string, nodePath: string, itemSequence: number, fence: string];

function encodeItems(items: readonly KeptItem[]): Uint8Array {
  const texts = items.map(({ key, proof }): ItemText => {
    const { incarnation, nodePath, itemSequence, fence } = proof;
    return [key.runId, incarnation, nodePath, itemSequence, String(fence)];
  });
  return Buffer.from(JSON.stringify(texts));
}

function decodeItems(tenantId: string, bytes: Uint8Array): readonly KeptItem[] {
  const texts = JSON.parse(Buffer.from(bytes).toString()) as ItemText[];
  return texts.map(([runId, incarnation, nodePath, itemSequence, fence]) => ({
    key: { tenantId, runId },
    proof: { incarnation, nodePath, itemSequence, fence: BigInt(fence) },
  }));
}
