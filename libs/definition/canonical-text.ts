import { createHash } from 'node:crypto';
import type { DefinitionContent, JsonDocument, RetryRules, WorkflowDefinition, WorkTimeouts } from './definition.ts';

/** A value that has one text only. */
type Canonical = string | number | null | readonly Canonical[];

/** What both digests of a definition begin with: everything that decides how its runs go. */
export function structureOf(definition: WorkflowDefinition): readonly Canonical[] {
  const { workflow, version, content, settings, runTimeoutNs, cleanupTimeoutNs } = definition;
  return [
    workflow,
    version,
    structureOfContent(content),
    retryOf(settings.retry),
    timeoutsOf(settings.timeouts),
    duration(runTimeoutNs),
    duration(cleanupTimeoutNs),
  ];
}

/** What only tells whether a definition is the one that is stored: all the rest but where the code is. */
export function detailsOf(definition: WorkflowDefinition): readonly Canonical[] {
  const { content, description, settings, retentionNs, inputSchema, outputSchema } = definition;
  return [
    description,
    settings.queue,
    settings.priority,
    sorted(settings.tags),
    duration(retentionNs),
    documentOf(inputSchema),
    documentOf(outputSchema),
    content.kind === 'function' ? content.signals.toSorted(byName).map(({ schema }) => documentOf(schema)) : [],
  ];
}

/** SHA-256 of the JSON text of a canonical value, in lower-case hexadecimal. */
export function digestOf(value: Canonical): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function structureOfContent(content: DefinitionContent): Canonical {
  switch (content.kind) {
    case 'function':
      return ['function', sorted(content.signals.map(({ name }) => name))];
    case 'opaque':
      return ['opaque', documentOf(content.document)];
  }
}

function retryOf(retry: RetryRules | undefined): Canonical {
  if (retry === undefined) {
    return null;
  }
  const { maxAttempts, initialIntervalNs, backoff, multiplier, maxIntervalNs, jitter, nonRetryable } = retry;
  return [
    maxAttempts,
    duration(initialIntervalNs),
    backoff,
    multiplier,
    duration(maxIntervalNs),
    jitter,
    sorted(nonRetryable),
  ];
}

function timeoutsOf({ timeoutNs, totalTimeoutNs, scheduleToStartNs, heartbeatTimeoutNs }: WorkTimeouts): Canonical {
  return [duration(timeoutNs), duration(totalTimeoutNs), duration(scheduleToStartNs), duration(heartbeatTimeoutNs)];
}

function documentOf(document: JsonDocument | undefined): Canonical {
  if (document === undefined) {
    return null;
  }
  const { contentType, encodings, bytes } = document;
  return [contentType, encodings, createHash('sha256').update(bytes).digest('hex')];
}

function duration(nanoseconds: bigint | undefined): string | null {
  return nanoseconds === undefined ? null : nanoseconds.toString();
}

/** Texts as a set, in the order of their UTF-16 code units. */
function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
