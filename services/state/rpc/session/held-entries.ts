import type { DomainError } from '#libs/errors/domain-error.ts';
import type { Cluster } from '../cluster.ts';
import type { SessionMessage } from './session-message.ts';

/** Who an entry was refused by: a node by its id, this one, or nobody because nobody had the partition. */
export type RefusedBy = string;

/** What holds entries. */
export interface HeldEntriesOptions {
  readonly cluster: Pick<Cluster, 'ownerOf' | 'onChange'>;
  readonly partitionOf: (message: SessionMessage) => number;
  readonly nowMs: () => number;
  /** Handles an entry anew. */
  readonly onReady: (message: SessionMessage) => void;
  /** An entry was held for too long: its caller asks again. */
  readonly onLate: (message: SessionMessage, error: DomainError) => void;
}

/** Entries of a session whose runs are on their way from one node to another. */
export interface HeldEntries {
  /** Keeps an entry until its partition has an owner. Answers false when it cannot be kept. */
  hold(message: SessionMessage, refusedBy: RefusedBy, error: DomainError): boolean;
  /** Drops an entry. Answers whether it was held. */
  forget(entry: number): boolean;
  close(): void;
}

interface Held {
  readonly message: SessionMessage;
  readonly refusedBy: RefusedBy;
  readonly error: DomainError;
  readonly heldMs: number;
}

/** Entries that one session has held at a time. */
const MAX_HELD = 10_000;
/** How long an entry is held, however often: a hand-over is over by then, and after a crash its caller may as well wait. */
const MAX_HOLD_MS = 5_000;
/** How long the news may take that the partition of a node that refused an entry moves. Else the refusal is its own. */
const NEWS_MS = 250;
const LOOK_MS = 50;

/** Makes the table of a session's entries that are held, without any. */
export function createHeldEntries(options: HeldEntriesOptions): HeldEntries {
  const { cluster, nowMs } = options;
  const held = new Map<number, Held>();
  /** Until when entries may be held that have been before. */
  const untilMs = new WeakMap<SessionMessage, number>();
  let stop: (() => void) | undefined;

  function look(): void {
    const now = nowMs();
    for (const [entry, { message, refusedBy, error, heldMs }] of held) {
      const owner = cluster.ownerOf(options.partitionOf(message));
      const isRefusers = (owner.kind === 'peer' ? owner.nodeId : owner.kind) === refusedBy;
      if (now >= (untilMs.get(message) ?? 0) || (isRefusers && now - heldMs >= NEWS_MS)) {
        held.delete(entry);
        untilMs.delete(message);
        options.onLate(message, error);
      } else if (owner.kind !== 'nobody' && !isRefusers) {
        held.delete(entry);
        options.onReady(message);
      }
    }
    if (held.size === 0) end();
  }

  function begin(): void {
    if (stop !== undefined) return;
    const timer = setInterval(look, LOOK_MS);
    const unsubscribe = cluster.onChange(look);
    stop = () => {
      clearInterval(timer);
      unsubscribe();
    };
  }

  function end(): void {
    stop?.();
    stop = undefined;
  }

  return {
    hold: (message, refusedBy, error) => {
      if (held.size >= MAX_HELD || !canRepeat(message)) return false;
      const heldMs = nowMs();
      const until = untilMs.get(message);
      if (until !== undefined && heldMs >= until) {
        // It may be held again, in another hand-over.
        untilMs.delete(message);
        return false;
      }
      if (until === undefined) untilMs.set(message, heldMs + MAX_HOLD_MS);
      held.set(message.call, { message, refusedBy, error, heldMs });
      begin();
      return true;
    },
    forget: (entry) => held.delete(entry),
    close: () => {
      held.clear();
      end();
    },
  };
}

/** Whether an entry may be done again that may have been done. Starts have a request id by then. */
function canRepeat(message: SessionMessage): boolean {
  switch (message.$typeName) {
    case 'millrace.state.v1.SessionStart':
    case 'millrace.state.v1.SessionWait':
      return true;
    case 'millrace.state.v1.SessionSignal':
      return message.signal?.requestId !== '' || message.signal.signalId !== '';
    case 'millrace.state.v1.SessionControl':
      return message.requestId !== '';
  }
}
