import { expect } from 'vitest';
import { DEFAULT_DEADLINE_MS } from './echo-server.ts';

/** Fully qualified, as clients that know no generated code write it. */
export const ECHO_SERVICE = 'millrace.test.v1.EchoService';

/** Longer than any call takes that is meant to come to its end. */
export const AMPLE_MS = 20_000;

/** Longer than any client waits. */
export const NEVER_IN_TIME = '30s';

/** An EchoRequest that breaks three rules. */
export const THREE_INVALID_FIELDS = { id: '', priority: 9, tags: ['fine', ''] } as const;

/** What `google.rpc.ErrorInfo` says about the three invalid fields. */
export const INVALID_FIELDS_INFO = { reason: 'INVALID_FIELDS', domain: 'millrace', metadata: { violations: '3' } };

/** What `google.rpc.BadRequest` lists for the three invalid fields. */
export const THREE_VIOLATIONS: readonly object[] = [
  { field: 'id', reason: 'string.min_bytes' },
  { field: 'priority', reason: 'int32.gte_lte' },
  { field: 'tags[1]', reason: 'string.min_len' },
].map((violation) => expect.objectContaining({ ...violation, description: expect.stringMatching(/\d/) }));

/** What `google.rpc.ErrorInfo` says when the deadline passed that a caller set: what is left of it at the server. */
export const CALLERS_DEADLINE_INFO: object = deadlineInfo(expect.stringMatching(/^\d+$/));

/** What `google.rpc.ErrorInfo` says when the deadline passed that the server sets. */
export const SERVERS_DEADLINE_INFO: object = deadlineInfo(String(DEFAULT_DEADLINE_MS));

function deadlineInfo(deadlineMs: unknown): object {
  return { reason: 'DEADLINE_EXCEEDED', domain: 'millrace', metadata: { deadline_ms: deadlineMs } };
}
