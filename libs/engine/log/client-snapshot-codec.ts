import type { DeadNode, ItemFacts } from '../model/client-state.ts';
import type { ClientSnapshot } from '../snapshot/client-snapshot.ts';
import { deadReason, position, taskHint } from './client-record-kinds.ts';
import { type Codec, flag, list, object, optional, pair, text, varint } from './codec.ts';

const itemFacts: Codec<ItemFacts> = object<ItemFacts>({
  itemId: text,
  nodeId: text,
  enqueuedPlace: varint,
  createTime: varint,
  maxAttempts: varint,
  queue: text,
  priority: varint,
  tags: list(text),
});

const deadNode: Codec<DeadNode> = object<DeadNode>({
  deadLetterId: text,
  reason: deadReason,
  time: varint,
  place: varint,
  attempt: varint,
});

/** What only CLIENT runs have. */
export const clientSnapshot: Codec<ClientSnapshot> = object<ClientSnapshot>({
  records: varint,
  snapshots: list(object({ version: varint, place: varint })),
  position: optional(position),
  hints: list(taskHint),
  taskTags: list(text),
  done: list(pair(varint)),
  results: list(pair(varint)),
  stateVersion: varint,
  statePlaces: list(varint),
  items: list(pair(itemFacts)),
  dead: list(pair(deadNode)),
  isSignalled: flag,
});
