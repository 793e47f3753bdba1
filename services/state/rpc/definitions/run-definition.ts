import type { RetryRules } from '#libs/definition/definition.ts';
import type { DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import type { RetryPolicy } from '#libs/engine/retry/retry-policy.ts';
import { definitionFromProto } from './definition-from-proto.ts';
import type { DefinitionRecord } from './definition-row.ts';

/** Runs are kept for so long after their end, where neither start nor definition says otherwise. */
export const RETENTION_MS: number = 30 * 24 * 60 * 60 * 1000;

/** What a start takes from a definition. */
export interface RunDefinition {
  readonly workflow: string;
  readonly version: string;
  readonly hash: string;
  readonly isOpaque: boolean;
  readonly isRetired: boolean;
  readonly rules: DefinitionRules;
  /** The default queue of its items. */
  readonly queue: string;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly runTimeoutMs: number | undefined;
  readonly retentionMs: number;
}

/** The part of a stored definition that runs need. */
export function runDefinitionOf(record: DefinitionRecord): RunDefinition {
  const { settings, content, runTimeoutNs, cleanupTimeoutNs, retentionNs } = definitionFromProto(record.definition);
  return {
    workflow: record.workflow,
    version: record.version,
    hash: record.hash,
    isOpaque: content.kind === 'opaque',
    isRetired: record.isRetired,
    rules: {
      retry: settings.retry === undefined ? undefined : retryPolicyOf(settings.retry),
      scheduleToStartMs: milliseconds(settings.timeouts.scheduleToStartNs),
      cleanupTimeoutMs: milliseconds(cleanupTimeoutNs),
    },
    queue: settings.queue,
    priority: settings.priority,
    tags: settings.tags,
    runTimeoutMs: milliseconds(runTimeoutNs),
    retentionMs: milliseconds(retentionNs) ?? RETENTION_MS,
  };
}

function retryPolicyOf(rules: RetryRules): RetryPolicy {
  const { maxAttempts, initialIntervalNs, backoff, multiplier, maxIntervalNs, jitter, nonRetryable } = rules;
  return {
    maxAttempts,
    initialIntervalMs: Number(initialIntervalNs) / 1e6,
    backoff,
    multiplier,
    maxIntervalMs: Number(maxIntervalNs) / 1e6,
    jitter,
    nonRetryable,
  };
}

/** Whole milliseconds, because nothing is timed more finely; a part of one counts as one. */
function milliseconds(ns: bigint | undefined): number | undefined {
  return ns === undefined ? undefined : Math.ceil(Number(ns) / 1e6);
}
