import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonDocument, WorkflowDefinition, WorkSettings } from './definition.ts';
import { contentDigest, definitionHash } from './definition-hash.ts';

const jsonOf = (text: string): JsonDocument => ({
  contentType: 'application/json',
  encodings: [],
  bytes: Buffer.from(text),
});

const SETTINGS: WorkSettings = {
  queue: 'default',
  priority: 3,
  tags: [],
  retry: {
    maxAttempts: 3,
    initialIntervalNs: 1_000_000_000n,
    backoff: 'exponential',
    multiplier: 2,
    maxIntervalNs: 60_000_000_000n,
    jitter: 0.2,
    nonRetryable: ['Declined', 'Äther'],
  },
  timeouts: {
    timeoutNs: 30_000_000_000n,
    totalTimeoutNs: undefined,
    scheduleToStartNs: undefined,
    heartbeatTimeoutNs: 1_500_000_000n,
  },
};

const FUNCTION: WorkflowDefinition = {
  workflow: 'bestellung/größe',
  version: '1.2.3',
  content: {
    kind: 'function',
    signals: [
      { name: 'paid', schema: undefined },
      { name: 'cancelled', schema: jsonOf('{"type":"object"}') },
    ],
    sourceLocation: 'src/order.ts:12',
  },
  description: 'takes an order',
  settings: SETTINGS,
  runTimeoutNs: undefined,
  cleanupTimeoutNs: 300_000_000_000n,
  retentionNs: undefined,
  inputSchema: undefined,
  outputSchema: undefined,
};

const OPAQUE: WorkflowDefinition = {
  ...FUNCTION,
  content: { kind: 'opaque', document: jsonOf('{"nodes":["a","b"]}') },
  settings: { ...SETTINGS, retry: undefined },
};

describe('the definition hash', () => {
  test('of what is pinned here never changes: runs that are stored carry it', () => {
    expect(definitionHash(FUNCTION)).toBe('796d4f91992cff2b4072592e084ab6fcbd96d6653f570dd48ecc1c7f440f377a');
    expect(definitionHash(OPAQUE)).toBe('46f7b123cac4a1a3af0f000aac092bc7c864a6b87040d4e16d97bcaed490469e');
  });

  const settings = (changes: Partial<WorkSettings>): WorkflowDefinition => ({
    ...FUNCTION,
    settings: { ...SETTINGS, ...changes },
  });
  const retry = SETTINGS.retry as NonNullable<WorkSettings['retry']>;
  const signals = (...names: string[]): WorkflowDefinition => ({
    ...FUNCTION,
    content: { kind: 'function', signals: names.map((name) => ({ name, schema: undefined })), sourceLocation: '' },
  });

  test.each<[string, WorkflowDefinition]>([
    ['the workflow', { ...FUNCTION, workflow: 'other' }],
    ['the version', { ...FUNCTION, version: '1.2.4' }],
    ['the kind', OPAQUE],
    ['the signals', signals('paid')],
    ['whether there is a retry policy', settings({ retry: undefined })],
    ['the attempts', settings({ retry: { ...retry, maxAttempts: 4 } })],
    ['the back-off', settings({ retry: { ...retry, backoff: 'linear' } })],
    ['the final errors', settings({ retry: { ...retry, nonRetryable: ['Declined'] } })],
    ['a time-out', settings({ timeouts: { ...SETTINGS.timeouts, timeoutNs: 30_000_000_001n } })],
    [
      'which time-out it is',
      settings({ timeouts: { ...SETTINGS.timeouts, timeoutNs: undefined, totalTimeoutNs: 30_000_000_000n } }),
    ],
    ['the run time-out', { ...FUNCTION, runTimeoutNs: 1n }],
    ['the clean-up time-out', { ...FUNCTION, cleanupTimeoutNs: 1n }],
  ])('covers %s', (_what, changed) => {
    expect(definitionHash(changed)).not.toBe(definitionHash(FUNCTION));
    expect(contentDigest(changed)).not.toBe(contentDigest(FUNCTION));
  });

  test('covers the bytes of an opaque document, its type and its encodings', () => {
    const variants: JsonDocument[] = [
      jsonOf('{"nodes":["a","b"]}'),
      jsonOf('{"nodes": ["a","b"]}'),
      { ...jsonOf('{"nodes":["a","b"]}'), contentType: 'application/bpmn+json' },
      { ...jsonOf('{"nodes":["a","b"]}'), encodings: ['gzip'] },
    ];
    const hashes = variants.map((document) => definitionHash({ ...OPAQUE, content: { kind: 'opaque', document } }));
    expect(new Set(hashes).size).toBe(variants.length);
  });

  test.each<[string, WorkflowDefinition]>([
    ['the priority', settings({ priority: 1 })],
    ['the tags', settings({ tags: ['gpu'] })],
    ['the queue', settings({ queue: 'slow' })],
    ['the description', { ...FUNCTION, description: '' }],
    ['the retention', { ...FUNCTION, retentionNs: 1n }],
    ['the schema of the input', { ...FUNCTION, inputSchema: jsonOf('true') }],
    ['the schema of the output', { ...FUNCTION, outputSchema: jsonOf('true') }],
    ['the schema of a signal', signals('paid', 'cancelled')],
  ])('does not cover %s, and the content does', (_what, changed) => {
    expect(definitionHash(changed)).toBe(definitionHash(FUNCTION));
    expect(contentDigest(changed)).not.toBe(contentDigest(FUNCTION));
  });

  test('covers no code, and neither does the content', () => {
    const moved: WorkflowDefinition = {
      ...FUNCTION,
      content: { ...FUNCTION.content, sourceLocation: 'src/order.ts:99' } as WorkflowDefinition['content'],
    };
    expect([definitionHash(moved), contentDigest(moved)]).toEqual([definitionHash(FUNCTION), contentDigest(FUNCTION)]);
  });

  test('does not depend on the order of signals, tags and final errors', () => {
    const names = ['a', 'b', 'ä', '😀', 'Z'];
    fc.assert(
      fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (shuffled) => {
        const of = (order: readonly string[]): WorkflowDefinition => ({
          ...signals(...order),
          settings: { ...SETTINGS, tags: order, retry: { ...retry, nonRetryable: order } },
        });
        expect(definitionHash(of(shuffled))).toBe(definitionHash(of(names)));
        expect(contentDigest(of(shuffled))).toBe(contentDigest(of(names)));
      }),
    );
  });

  test('tells names apart wherever their border is', () => {
    expect(definitionHash({ ...FUNCTION, workflow: 'a', version: 'bc' })).not.toBe(
      definitionHash({ ...FUNCTION, workflow: 'ab', version: 'c' }),
    );
    expect(definitionHash(signals('a', 'b'))).not.toBe(definitionHash(signals('a,b')));
  });
});
