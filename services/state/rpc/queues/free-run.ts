import { CLIENT_RULES } from '#libs/engine/model/definition-rules.ts';
import type { FreshRun } from '#libs/partition/serve/run-visit.ts';

/** How long a free item is remembered after it was settled: as long as a request id, so that a repeat finds it. */
const RETENTION_MS: number = 24 * 60 * 60 * 1000;
/** The run's own priority and queue decide nothing: its one item has its own. */
const PRIORITY = 3;

/** The start of the hidden run that a free item is kept as: it has the item and nothing else, and ends with it. */
export function freshFreeRun(incarnation: string, requestedBy: string): FreshRun {
  return {
    incarnation,
    driver: 'CLIENT',
    rules: CLIENT_RULES,
    start: { request: undefined, retentionMs: RETENTION_MS, traceparent: '' },
    command: {
      kind: 'startRun',
      workflow: '',
      version: '',
      definitionHash: '',
      input: undefined,
      priority: PRIORITY,
      tags: [],
      attributes: {},
      parent: undefined,
      runTimeoutMs: undefined,
      requestedBy,
      replacedIncarnation: '',
      queue: '',
    },
  };
}
