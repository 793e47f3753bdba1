import type { Duration } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Definition } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { BackoffKind, type RetryPolicy } from '#gen/millrace/workflow/v1/retry_pb.ts';
import type { Timeouts } from '#gen/millrace/workflow/v1/timeouts_pb.ts';
import type {
  DefinitionContent,
  JsonDocument,
  RetryRules,
  WorkflowDefinition,
  WorkTimeouts,
} from '#libs/definition/definition.ts';
import { DomainError } from '#libs/errors/domain-error.ts';

const DEFAULT_QUEUE = 'default';
const DEFAULT_PRIORITY = 3;
const DEFAULT_CONTENT_TYPE = 'application/json';
const SECOND_NS = 1_000_000_000n;
const CLEANUP_TIMEOUT_NS = 300n * SECOND_NS;

/** What a null value is as a document. */
const NULL = Buffer.from('null');

const BACKOFFS: Readonly<Record<BackoffKind, RetryRules['backoff']>> = {
  [BackoffKind.UNSPECIFIED]: 'exponential',
  [BackoffKind.EXPONENTIAL]: 'exponential',
  [BackoffKind.LINEAR]: 'linear',
  [BackoffKind.FIXED]: 'fixed',
};

/**
 * The definition behind a message that was checked, with the defaults that the protos name filled in.
 *
 * @throws NOT_BUILT for a graph, MALFORMED for no content.
 */
export function definitionFromProto(message: Definition): WorkflowDefinition {
  const { workflow, version, description, settings, runTimeout, cleanupTimeout, retention } = message;
  return {
    workflow,
    version,
    content: contentOf(message.content),
    description,
    settings: {
      queue: settings?.queue || DEFAULT_QUEUE,
      priority: settings?.priority ?? DEFAULT_PRIORITY,
      tags: settings?.tags ?? [],
      retry: retryOf(settings?.retry),
      timeouts: timeoutsOf(settings?.timeouts),
    },
    runTimeoutNs: nanoseconds(runTimeout),
    cleanupTimeoutNs: nanoseconds(cleanupTimeout) ?? CLEANUP_TIMEOUT_NS,
    retentionNs: nanoseconds(retention),
    inputSchema: documentOf(message.inputSchema),
    outputSchema: documentOf(message.outputSchema),
  };
}

/** The bytes of a payload that is not in the blob store. */
export function inlineBytes({ value }: Payload): Uint8Array {
  switch (value.case) {
    case 'data':
      return value.value;
    case 'json':
      return Buffer.from(value.value);
    case 'ref':
    case undefined:
      return NULL;
  }
}

/** The media type of a payload; `json` is JSON whatever else is said. */
export function contentTypeOf({ contentType, value }: Payload): string {
  return value.case === 'json' || contentType === '' ? DEFAULT_CONTENT_TYPE : contentType;
}

function contentOf(content: Definition['content']): DefinitionContent {
  switch (content.case) {
    case 'function': {
      const { signals, sourceLocation } = content.value;
      const declared = signals.map(({ name, schema }) => ({ name, schema: documentOf(schema) }));
      return { kind: 'function', signals: declared, sourceLocation };
    }
    case 'opaque':
      return { kind: 'opaque', document: documentFrom(content.value) };
    case 'graph':
      throw new DomainError('NOT_BUILT', 'PutDefinition with a graph is not built yet', {
        metadata: { method: 'millrace.state.v1.DefinitionService/PutDefinition', field: 'definition.graph' },
      });
    case undefined:
      throw new DomainError('MALFORMED', 'the definition has no content');
  }
}

function retryOf(policy: RetryPolicy | undefined): RetryRules | undefined {
  return policy === undefined
    ? undefined
    : {
        maxAttempts: policy.maxAttempts ?? 3,
        initialIntervalNs: nanoseconds(policy.initialInterval) ?? SECOND_NS,
        backoff: BACKOFFS[policy.backoff] ?? BACKOFFS[BackoffKind.UNSPECIFIED],
        multiplier: policy.multiplier ?? 2,
        maxIntervalNs: nanoseconds(policy.maxInterval) ?? 60n * SECOND_NS,
        jitter: policy.jitter ?? 0.2,
        nonRetryable: policy.nonRetryable,
      };
}

function timeoutsOf(timeouts: Timeouts | undefined): WorkTimeouts {
  return {
    timeoutNs: nanoseconds(timeouts?.timeout),
    totalTimeoutNs: nanoseconds(timeouts?.totalTimeout),
    scheduleToStartNs: nanoseconds(timeouts?.scheduleToStart),
    heartbeatTimeoutNs: nanoseconds(timeouts?.heartbeatTimeout),
  };
}

function documentOf(payload: Payload | undefined): JsonDocument | undefined {
  return payload === undefined ? undefined : documentFrom(payload);
}

function documentFrom(payload: Payload): JsonDocument {
  return { contentType: contentTypeOf(payload), encodings: payload.encodings, bytes: inlineBytes(payload) };
}

function nanoseconds(duration: Duration | undefined): bigint | undefined {
  return duration === undefined ? undefined : duration.seconds * SECOND_NS + BigInt(duration.nanos);
}
