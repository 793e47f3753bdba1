import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSubjectMatch } from './pattern.ts';
import { parseSubject, subjectFrom, type Topic } from './subjects.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '.', '*', '>', 'a b', 'a.b.>', '%', '%41', 'ü'),
);
const topic: fc.Arbitrary<Topic> = fc.oneof(
  fc.record({ family: fc.constant('run' as const), workflow: text, event: text, runId: text }),
  fc.record({ family: fc.constant('signal' as const), name: text, runId: text }),
  fc.record({ family: fc.constant('control' as const), kind: fc.constantFrom('cancel', 'pause'), runId: text }),
  fc.record({ family: fc.constant('package' as const), event: text, name: text, version: text }),
  fc.record({ family: fc.constant('queue' as const), queue: text }),
  fc.record({ family: fc.constant('command' as const), verb: text }),
);
const TOKENS: Readonly<Record<Topic['family'], number>> = {
  run: 7,
  signal: 6,
  control: 6,
  package: 7,
  queue: 6,
  command: 5,
};

describe('a subject', () => {
  test('reads as people expect', () => {
    const order = { family: 'run', workflow: 'order', event: 'started', runId: 'order-42' } as const;
    expect(subjectFrom('default', order)).toBe('millrace.v1.default.run.order.started.order-42');
    expect(subjectFrom('default', { family: 'queue', queue: 'mail' })).toBe('millrace.v1.default.queue.mail.ready');
  });

  test('escapes dots, stars, spaces and > of users [88]', () => {
    const topic = { family: 'signal', name: 'a.b *', runId: '>' } as const;
    expect(subjectFrom('t', topic)).toBe('millrace.v1.t.signal.a%2Eb%20%2A.%3E');
  });

  test('round-trips any text, with a fixed count of tokens and nothing that NATS takes for a wildcard [88]', () => {
    fc.assert(
      fc.property(text, topic, (tenantId, topic) => {
        const subject = subjectFrom(tenantId, topic);
        expect(parseSubject(subject)).toEqual({ tenantId, topic });
        expect(subject.split('.')).toHaveLength(TOKENS[topic.family]);
        expect(subject).toMatch(/^[A-Za-z0-9_%.-]+$/);
        expect(subject).not.toMatch(/\.\.|\.$/);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    '',
    'millrace.v1',
    'millrace.v2.t.command.start',
    'other.v1.t.command.start',
    'millrace.v1.t.command',
    'millrace.v1.t.command.start.more',
    'millrace.v1.t.control.terminate.r',
    'millrace.v1.t.queue.q.empty',
    'millrace.v1.t.command.%zz',
    'millrace.v1.t.command.%2e',
    'millrace.v1.t.unknown.x',
  ])('that is none of ours, such as "%s", is refused', (subject) => {
    expect(() => parseSubject(subject)).toThrow(expect.objectContaining({ reason: 'MALFORMED' }));
  });
});

describe('a pattern', () => {
  test.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.c', false],
    ['a.*', 'a.c', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['a.>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['>', 'a', true],
    ['*.b.>', 'a.b.c', true],
  ])('%s and subject %s: %s', (pattern, subject, matches) => {
    expect(createSubjectMatch(pattern)(subject)).toBe(matches);
  });

  test.each(['', 'a..b', 'a.>.b', '.a'])('"%s" is refused', (pattern) => {
    expect(() => createSubjectMatch(pattern)).toThrow(RangeError);
  });
});
