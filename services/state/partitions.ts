import { randomUUID } from 'node:crypto';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { Logger } from '#libs/logger/logger.ts';
import { createCommitContext } from '#libs/partition/commit/commit-context.ts';
import type { ReadRules } from '#libs/partition/rows/load-run.ts';
import { incarnationFrom } from '#libs/partition/runs/incarnation.ts';
import type { ResolveDefinition } from '#libs/partition/serve/definition-port.ts';
import { createPartitionNode, type NodeOptions, type PartitionNode } from '#libs/partition/serve/node.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import { BATCH_ID_BYTES } from '#libs/store/journal/record-format.ts';
import type { StateStore } from '#libs/store/store.ts';
import { createRandomBytes } from './random-bytes.ts';
import { assertNotRetired, createDefinitionCache, type DefinitionCache } from './rpc/definitions/definition-cache.ts';

/** The runs of a process: its partitions and the definitions that they go by. */
export interface ServedPartitions {
  readonly node: PartitionNode;
  readonly definitions: DefinitionCache;
  readonly readRules: ReadRules;
  readonly newIncarnation: (nowMs: number) => string;
}

/** What decides about the partitions of a process, and reaches those of others. */
export interface PartitionRights {
  /** Brings messages to a partition that another node serves. */
  readonly deliver: NodeOptions['deliver'];
  readonly mayAnswer: (partition: number) => boolean;
  readonly onLost: (partition: number, error: unknown) => void;
}

/** What a process that is no service has of its own. */
export interface PartitionWorld {
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Runs of a partition that nothing goes on with stay in memory up to so many. Default: a share of the node's. */
  readonly maxIdleRuns?: number;
}

/** Makes the node of a process; it serves no partition yet. */
export function createPartitions(
  store: StateStore,
  log: Logger,
  rights: PartitionRights,
  { clock = createSystemClock(), maxIdleRuns }: PartitionWorld = {},
): ServedPartitions {
  const definitions: DefinitionCache = createDefinitionCache(
    store.tables,
    () => clock.now(),
    (tenantId, workflow, version) => {
      const name = `${workflow}@${version}`;
      for (const { tenantId: owner, link, shape } of node.dispatch.sessions()) {
        if (link !== undefined && owner === tenantId && shape?.definitions.has(name) === true) return true;
      }
      return false;
    },
  );
  const randomBytes = createRandomBytes();
  const newIncarnation = (nowMs: number): string => incarnationFrom(nowMs, randomBytes(10));
  const readRules: ReadRules = async (tenantId, workflow, version) =>
    (await definitions.pinned(tenantId, workflow, version)).rules;
  const resolve: ResolveDefinition = async (tenantId, workflow, version) => {
    const definition = await definitions.resolve(tenantId, workflow, version);
    assertNotRetired(definition);
    if (definition.isOpaque) {
      throw new DomainError('WRONG_DRIVER', 'an opaque definition is driven by its client', {
        metadata: { driver: 'CLIENT' },
      });
    }
    return definition;
  };
  const node: PartitionNode = createPartitionNode({
    store,
    readRules,
    clock,
    commitContext: createCommitContext(
      () => randomBytes(BATCH_ID_BYTES),
      (error) => log.error({ err: error }, 'a waiter failed'),
    ),
    resolve,
    newIncarnation,
    ...(maxIdleRuns === undefined ? undefined : { maxIdleRuns }),
    random: () => Math.random(),
    deliver: rights.deliver,
    mayAnswer: rights.mayAnswer,
    onLost: rights.onLost,
    onTrouble: (what, error) => log.warn({ err: error }, what),
  });
  return { node, definitions, readRules, newIncarnation };
}

/** A name for a process among the nodes. */
export function newNodeId(): string {
  return randomUUID();
}
