import type { SessionRequest } from '#gen/millrace/state/v1/run_service_pb.ts';
import { createTurnBatch } from '#libs/work-loop/frames/turn-batch.ts';
import { payloadBytes } from '#libs/work-loop/values/payload.ts';
import type { EntryFrame } from './session-entry.ts';

/** Entries of one message; the rules allow as many of each kind. */
const MAX_ENTRIES = 1_024;
/** What an entry takes beside its payload; attributes of many keywords are counted by the start that has them. */
const ENTRY_BYTES = 2_048;
const ATTRIBUTE_BYTES = 1_024;

/** The entries of one stream on their way out. */
export interface SessionLine {
  add(frame: EntryFrame): void;
  forget(call: number): void;
  /** Sends now what would leave after the turn of the event loop. */
  readonly flush: () => void;
  /** Forgets what has not left yet: it goes out by another stream. */
  drop(): void;
}

/** The stream that a line leads to. */
export interface SessionLineOptions {
  readonly tenantId: string;
  /** As `BidiStream.send`. */
  readonly send: (request: SessionRequest) => Promise<void> | undefined;
  /** The stream takes nothing any more. */
  readonly onBroken: (error: unknown) => void;
}

/** Makes a line. */
export function createSessionLine({ tenantId, send, onBroken }: SessionLineOptions): SessionLine {
  const newMessage = (): SessionRequest => emptyRequest(tenantId);
  const { open, flush, drop } = createTurnBatch({ newMessage, maxFrames: MAX_ENTRIES, send, onBroken });

  return {
    add: (frame) => {
      switch (frame.$typeName) {
        case 'millrace.state.v1.SessionStart':
          open(startBytes(frame)).start.push(frame);
          break;
        case 'millrace.state.v1.SessionWait':
          open(ENTRY_BYTES).wait.push(frame);
          break;
        case 'millrace.state.v1.SessionSignal':
          open(ENTRY_BYTES + payloadBytes(frame.signal?.payload)).sendSignal.push(frame);
          break;
        case 'millrace.state.v1.SessionControl':
          open(ENTRY_BYTES).control.push(frame);
          break;
      }
    },
    forget: (call) => {
      open(8).forget.push(call);
    },
    flush,
    drop,
  };
}

function startBytes({ start }: Extract<EntryFrame, { $typeName: 'millrace.state.v1.SessionStart' }>): number {
  if (start === undefined) return ENTRY_BYTES;
  return ENTRY_BYTES + payloadBytes(start.input) + ATTRIBUTE_BYTES * Object.keys(start.attributes).length;
}

function emptyRequest(tenantId: string): SessionRequest {
  return {
    $typeName: 'millrace.state.v1.SessionRequest',
    tenantId,
    start: [],
    wait: [],
    sendSignal: [],
    control: [],
    forget: [],
  };
}
