import type { WorkRequest } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type {
  Heartbeat,
  HeldItem,
  HistoryRequest,
  LeaseExtension,
  WaitWithdrawal,
} from '#gen/millrace/state/v1/work_up_pb.ts';
import type { AnnouncedDefinition } from '#gen/millrace/state/v1/worker_pb.ts';
import { payloadBytes } from '../values/payload.ts';
import { frameBytes, type RecordFrame, type SettleFrame } from './item-frame.ts';
import { createTurnBatch } from './turn-batch.ts';

/** Frames of one message; the rules allow as many of each kind. */
const MAX_FRAMES = 4_096;
const SMALL_BYTES = 1_024;

/** Any frame about an assignment. */
export type LineFrame = RecordFrame | SettleFrame | HistoryRequest | LeaseExtension | WaitWithdrawal | HeldItem;

/** The frames of one stream on their way out. */
export interface FrameLine {
  add(frame: LineFrame): void;
  addCredits(count: number): void;
  beat(heartbeat: Heartbeat): void;
  announce(definitions: readonly AnnouncedDefinition[]): void;
  retract(definitions: readonly AnnouncedDefinition[]): void;
  /** Sends now what would leave after the turn of the event loop. */
  readonly flush: () => void;
  /** Forgets what has not left yet: it goes out by another stream. */
  drop(): void;
}

/** The stream that a line leads to. */
export interface LineOptions {
  readonly tenantId: string;
  /** As `BidiStream.send`. */
  readonly send: (request: WorkRequest) => Promise<void> | undefined;
  /** The stream takes nothing any more: it has ended, or what was sent is no message. */
  readonly onBroken: (error: unknown) => void;
}

/** Makes a line. */
export function createFrameLine({ tenantId, send, onBroken }: LineOptions): FrameLine {
  const newMessage = (): WorkRequest => emptyRequest(tenantId);
  const { open, flush, drop } = createTurnBatch({ newMessage, maxFrames: MAX_FRAMES, send, onBroken });

  return {
    add: (frame) => {
      switch (frame.$typeName) {
        case 'millrace.state.v1.StepRecord':
          open(frameBytes(frame)).steps.push(frame);
          break;
        case 'millrace.state.v1.Park':
          open(frameBytes(frame)).park.push(frame);
          break;
        case 'millrace.state.v1.ChildStart':
          open(frameBytes(frame)).startChild.push(frame);
          break;
        case 'millrace.state.v1.WorkCompletion':
          open(frameBytes(frame)).complete.push(frame);
          break;
        case 'millrace.state.v1.WorkFailure':
          open(frameBytes(frame)).fail.push(frame);
          break;
        case 'millrace.state.v1.LeaseRelease':
          open(frameBytes(frame)).release.push(frame);
          break;
        case 'millrace.state.v1.YieldSlot':
          open(frameBytes(frame)).yieldSlot.push(frame);
          break;
        case 'millrace.state.v1.HistoryRequest':
          open(SMALL_BYTES).historyRequest.push(frame);
          break;
        case 'millrace.state.v1.LeaseExtension':
          open(SMALL_BYTES + payloadBytes(frame.details)).extend.push(frame);
          break;
        case 'millrace.state.v1.WaitWithdrawal':
          open(SMALL_BYTES * 2).withdraw.push(frame);
          break;
        case 'millrace.state.v1.HeldItem':
          open(SMALL_BYTES).held.push(frame);
          break;
      }
    },
    addCredits: (count) => {
      const request = open(0);
      if (request.credits === undefined) request.credits = { $typeName: 'millrace.state.v1.Credits', add: count };
      else request.credits.add += count;
    },
    beat: (heartbeat) => {
      open(0).heartbeat = heartbeat;
    },
    announce: (definitions) => {
      for (const definition of definitions) open(DEFINITION_BYTES).announce.push(definition);
    },
    retract: (definitions) => {
      for (const definition of definitions) open(SMALL_BYTES * 4).retract.push(definition);
    },
    flush,
    drop,
  };
}

/** A definition with its content; graphs of hundreds of nodes are larger, and rare. */
const DEFINITION_BYTES = 65_536;

/** A request without frames. */
export function emptyRequest(tenantId: string): WorkRequest {
  return {
    $typeName: 'millrace.state.v1.WorkRequest',
    tenantId,
    steps: [],
    complete: [],
    fail: [],
    park: [],
    startChild: [],
    historyRequest: [],
    extend: [],
    release: [],
    yieldSlot: [],
    held: [],
    announce: [],
    retract: [],
    withdraw: [],
  };
}
