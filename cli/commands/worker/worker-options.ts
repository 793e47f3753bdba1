import { durationMs, integer } from '#libs/config/number-types.ts';
import { list, text } from '#libs/config/text-types.ts';
import type { CommandOption } from '../command.ts';

/** The options of commands that run a worker. */
export interface WorkerOptions {
  readonly slots: CommandOption<number> & { readonly default: number };
  readonly queue: CommandOption<readonly string[]> & { readonly default: readonly string[] };
  readonly tags: CommandOption<readonly string[]>;
  readonly grace: CommandOption<number> & { readonly default: number };
}

const MAX_SLOTS = 10_000;
const MAX_GRACE_MS = 3_600_000;

/** What they are. */
export const WORKER_OPTIONS: WorkerOptions = {
  slots: { type: integer({ min: 1, max: MAX_SLOTS }), doc: 'how many runs it works on at a time', default: 100 },
  queue: { type: list(text('queue')), doc: 'the queues that it takes from', default: ['default'] },
  tags: { type: list(text('tag')), doc: 'tags that it has, for work that wants them' },
  grace: {
    type: durationMs({ minMs: 0, maxMs: MAX_GRACE_MS }),
    doc: 'how long it has to end what it holds once it is asked to end; the rest goes back',
    default: 25_000,
  },
};
