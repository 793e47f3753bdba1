import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import type { HistorySource } from '#libs/partition/serve/history.ts';
import type { PartitionNode } from '#libs/partition/serve/node.ts';
import type { StateStore } from '#libs/store/store.ts';
import type { Access } from './access/access.ts';
import type { Cluster } from './cluster.ts';
import type { DefinitionCache } from './definitions/definition-cache.ts';

/** Bytes of a payload at most, where nobody says otherwise. */
export const MAX_PAYLOAD_BYTES: number = 32 * 1024 * 1024;

/** What the RPCs of the state service need of the world. */
export interface StateContext {
  readonly store: StateStore;
  readonly log: Logger;
  /** The partitions that are served here. */
  readonly node: PartitionNode;
  readonly definitions: DefinitionCache;
  /** Who may do what. */
  readonly access: Access;
  /** The other nodes. */
  readonly cluster: Cluster;
  /** Where logs of runs are read. */
  readonly history: HistorySource;
  /** The name of this process among the nodes. */
  readonly nodeId: string;
  /** Milliseconds of Unix time. */
  readonly nowMs: () => number;
  /** An id that nobody else has. */
  readonly newId: () => string;
  /** A UUIDv7 of a time. */
  readonly newIncarnation: (nowMs: number) => string;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Bytes of a payload at most. */
  readonly maxPayloadBytes: number;
}

/** Stands where only the list of RPCs is asked for: nothing is open, and a call that needs something is refused. */
export const NOTHING_OPEN: StateContext = {
  get store(): never {
    return refuse();
  },
  get log(): never {
    return refuse();
  },
  get node(): never {
    return refuse();
  },
  get definitions(): never {
    return refuse();
  },
  get access(): never {
    return refuse();
  },
  get cluster(): never {
    return refuse();
  },
  get history(): never {
    return refuse();
  },
  nodeId: '',
  nowMs: refuse,
  newId: refuse,
  newIncarnation: refuse,
  random: refuse,
  maxPayloadBytes: MAX_PAYLOAD_BYTES,
};

function refuse(): never {
  throw new DomainError('UNAVAILABLE', 'the store is not open');
}
