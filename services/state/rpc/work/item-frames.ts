import type { Payload as PayloadProto } from '#gen/millrace/common/v1/payload_pb.ts';
import type { WorkRequest } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type {
  ChildStart,
  LeaseExtension,
  LeaseRelease,
  Park,
  StepRecord,
  WaitWithdrawal,
  WorkCompletion,
  WorkFailure,
  YieldSlot,
} from '#gen/millrace/state/v1/work_up_pb.ts';
import type { Command } from '#libs/engine/commands/command.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { noteDetails, noteStepHeard } from '#libs/partition/runs/run-heartbeats.ts';
import type { Partition } from '#libs/partition/serve/partition.ts';
import type { RunTask } from '#libs/partition/serve/run-task.ts';
import type { StateContext } from '../context.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { maybeLargePayload, withDetails, withPayload } from '../payloads/step-payload.ts';
import {
  completeFromProto,
  extendFromProto,
  failFromProto,
  parkFromProto,
  releaseFromProto,
  startChildFromProto,
} from '../wire/commands.ts';
import { payloadFromProto, payloadToProto } from '../wire/payload.ts';
import { stepIdFromProto } from '../wire/step-id.ts';
import { type FrameSink, OtherTask, StepTask } from './frame-task.ts';
import { noAssignment } from './no-assignment.ts';
import type { PeerWork } from './peer-work.ts';
import type { StreamItem, StreamItems } from './stream-items.ts';

/** Handles the frames of a stream that are about assignments. */
export interface ItemFrames {
  handle(message: WorkRequest): void;
}

/** A frame that has the next ordinal of its assignment. */
type OrderedFrame = StepRecord | Park | ChildStart;

/** Makes the handler of a stream's frames. `signal` ends what waits for a payload to be stored. */
export function createItemFrames(
  context: StateContext,
  items: StreamItems,
  sink: FrameSink,
  signal: AbortSignal,
): ItemFrames {
  function visit(item: StreamItem, task: RunTask): void {
    if (item.route !== 'here') {
      task.fail(new DomainError('UNAVAILABLE', 'the run is on its way to another node'));
      return;
    }
    let partition: Partition;
    try {
      partition = context.node.partitionAt(item.partition);
    } catch (error) {
      task.fail(error);
      return;
    }
    partition.visitAgain(item.key, item.hot, task);
  }

  function sendStep(item: StreamItem, record: StepRecord): void {
    visit(item, new StepTask(item, record, sink));
  }

  function completionOf(item: StreamItem, frame: WorkCompletion): OtherTask {
    const make = (): Command => completeFromProto(frame, item.proof);
    return new OtherTask(item, 0, { intent: 'completeItem', make }, sink);
  }

  function send(
    item: StreamItem,
    ordinal: number,
    intent: Command['kind'],
    make: (now: number) => Command,
    done?: (hot: HotRun) => void,
  ): void {
    visit(item, new OtherTask(item, ordinal, done === undefined ? { intent, make } : { intent, make, done }, sink));
  }

  /** Runs a frame now, or behind those of its assignment that wait. */
  function enqueue(item: StreamItem, run: () => void): void {
    if (item.waiting === undefined) run();
    else item.waiting.push(run);
  }

  /** Stores the payload of a frame first; what comes after it of the same assignment waits. */
  function settleFirst(
    item: StreamItem,
    ordinal: number,
    payload: PayloadProto,
    go: (settled: PayloadProto) => void,
  ): void {
    enqueue(item, () => {
      item.waiting = [];
      const { tenantId, runId } = item.key;
      const owner = { tenantId, runId, incarnation: item.proof.incarnation };
      settlePayload(context, owner, payload, signal)
        .then(
          (settled) => go(payloadToProto(settled) ?? payload),
          (error: unknown) => sink.onReject(item.handle, ordinal, error, item),
        )
        .finally(() => {
          const waiting = item.waiting ?? [];
          item.waiting = undefined;
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
            next();
            // One of them may have a payload of its own: the rest waits behind it.
            if (item.waiting !== undefined) (item.waiting as (() => void)[]).push(...waiting.splice(0));
          }
        })
        .catch((error: unknown) => context.log.error({ err: error }, 'a frame was not handled'));
    });
  }

  /** The peer that an item's frames go to, and the name that it has there. */
  function maybePeer({ route }: StreamItem): PeerWork | undefined {
    return route === 'here' ? undefined : route;
  }

  function find(handle: number, ordinal: number): StreamItem | undefined {
    const item = items.get(handle);
    if (item === undefined) {
      sink.onReject(handle, ordinal, noAssignment(), undefined);
    }
    return item;
  }

  function step(record: StepRecord): void {
    const item = find(record.handle, record.ordinal);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().steps.push({ ...record, handle: item.peerHandle });
      return;
    }
    const large = maybeLargePayload(record);
    if (large !== undefined) {
      settleFirst(item, record.ordinal, large, (payload) => sendStep(item, withPayload(record, payload)));
    } else if (item.waiting === undefined) {
      sendStep(item, record);
    } else {
      item.waiting.push(() => sendStep(item, record));
    }
  }

  function park(frame: Park): void {
    const item = find(frame.handle, frame.ordinal);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().park.push({ ...frame, handle: item.peerHandle });
      return;
    }
    enqueue(item, () => send(item, frame.ordinal, 'parkFunction', (now) => parkFromProto(frame, item.proof, now)));
  }

  function withdraw({ handle, step: stepId }: WaitWithdrawal): void {
    const item = find(handle, 0);
    if (item === undefined || stepId === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer
        .open()
        .withdraw.push({ $typeName: 'millrace.state.v1.WaitWithdrawal', handle: item.peerHandle, step: stepId });
      return;
    }
    const make = (): Command => ({ kind: 'withdrawWait', lease: item.proof, step: stepIdFromProto(stepId) });
    enqueue(item, () => send(item, 0, 'withdrawWait', make));
  }

  function startChild(frame: ChildStart): void {
    const item = find(frame.handle, frame.ordinal);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().startChild.push({ ...frame, handle: item.peerHandle });
      return;
    }
    const go = (settled: ChildStart): void =>
      send(item, frame.ordinal, 'startChild', () => startChildFromProto(settled, item.proof, item.priority));
    const { input } = frame;
    if (input === undefined || !needsSettling(input)) enqueue(item, () => go(frame));
    else settleFirst(item, frame.ordinal, input, (payload) => go({ ...frame, input: payload }));
  }

  function complete(frame: WorkCompletion): void {
    const item = find(frame.handle, 0);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().complete.push({ ...frame, handle: item.peerHandle });
      return;
    }
    const go = (settled: WorkCompletion): void => visit(item, completionOf(item, settled));
    const { output } = frame;
    if (output === undefined || !needsSettling(output)) enqueue(item, () => go(frame));
    else settleFirst(item, 0, output, (payload) => go({ ...frame, output: payload }));
  }

  function fail(frame: WorkFailure): void {
    const item = find(frame.handle, 0);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().fail.push({ ...frame, handle: item.peerHandle });
      return;
    }
    const go = (settled: WorkFailure): void =>
      send(item, 0, 'failItem', () => failFromProto(settled, item.proof, context.random()));
    const details = frame.failure?.details;
    if (details === undefined || !needsSettling(details)) enqueue(item, () => go(frame));
    else settleFirst(item, 0, details, (payload) => go({ ...frame, failure: withDetails(frame.failure, payload) }));
  }

  function yieldSlot(frame: YieldSlot): void {
    const item = find(frame.handle, 0);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().yieldSlot.push({ ...frame, handle: item.peerHandle });
      return;
    }
    enqueue(item, () => send(item, 0, 'yieldSlot', () => yieldFromProto(frame, item.proof)));
  }

  function release(frame: LeaseRelease): void {
    const item = find(frame.handle, 0);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().release.push({ ...frame, handle: item.peerHandle });
      return;
    }
    enqueue(item, () => send(item, 0, 'releaseItem', () => releaseFromProto(frame, item.proof)));
  }

  function extend(frame: LeaseExtension): void {
    const item = find(frame.handle, 0);
    if (item === undefined) return;
    const peer = maybePeer(item);
    if (peer !== undefined) {
      peer.open().extend.push({ ...frame, handle: item.peerHandle });
      return;
    }
    const go = (settled: LeaseExtension): void => {
      const note = (hot: HotRun): void => {
        noteHeartbeat(hot, item.proof.nodePath, settled, context.node.clock.monotonic());
      };
      send(item, 0, 'extendLease', () => extendFromProto(settled, item.proof), note);
    };
    const { details } = frame;
    if (details === undefined || !needsSettling(details)) enqueue(item, () => go(frame));
    else settleFirst(item, 0, details, (payload) => go({ ...frame, details: payload }));
  }

  return {
    handle: (message) => {
      if (message.park.length > 0 || message.startChild.length > 0) handleOrdered(message);
      else for (const record of message.steps) step(record);
      for (const frame of message.withdraw) withdraw(frame);
      for (const frame of message.extend) extend(frame);
      for (const frame of message.complete) complete(frame);
      for (const frame of message.fail) fail(frame);
      for (const frame of message.yieldSlot) yieldSlot(frame);
      for (const frame of message.release) release(frame);
    },
  };

  /** Among the records of one assignment the ordinal decides. */
  function handleOrdered({ steps, park: parks, startChild: children }: WorkRequest): void {
    const frames: OrderedFrame[] = [...steps, ...parks, ...children];
    frames.sort((a, b) => a.handle - b.handle || a.ordinal - b.ordinal);
    for (const frame of frames) {
      switch (frame.$typeName) {
        case 'millrace.state.v1.StepRecord':
          step(frame);
          break;
        case 'millrace.state.v1.Park':
          park(frame);
          break;
        case 'millrace.state.v1.ChildStart':
          startChild(frame);
          break;
      }
    }
  }
}

/** Keeps what an attempt says of itself, and that its step is alive. */
function noteHeartbeat(hot: HotRun, nodePath: string, { details, step }: LeaseExtension, monotonicMs: number): void {
  if (details !== undefined) {
    const payload = payloadFromProto(details, 'extend.details');
    if (payload !== undefined) noteDetails(hot, nodePath, payload);
  }
  if (step !== undefined) noteStepHeard(hot, stepIdFromProto(step), monotonicMs);
}

function yieldFromProto({ knownSequence }: YieldSlot, lease: StreamItem['proof']): Command {
  return { kind: 'yieldSlot', lease, knownSequence: Number(knownSequence) };
}
