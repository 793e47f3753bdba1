import type { StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import type { Command } from '#libs/engine/commands/command.ts';
import type { Reply } from '#libs/engine/decide/decision.ts';
import type { News } from '#libs/partition/commit/waiter.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { outcomeUnknown } from '#libs/partition/serve/ask.ts';
import type { RunTask } from '#libs/partition/serve/run-task.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import { recordStepFromProto } from '../wire/commands.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import type { StreamItem } from './stream-items.ts';

/** What becomes of frames. */
export interface FrameSink {
  /** Everything up to here is durable. */
  onAck(item: StreamItem, ordinal: number, lastSequence: number, settled: boolean): void;
  /** A frame was refused. `item` is absent for a handle that nobody knows. */
  onReject(handle: number, ordinal: number, error: unknown, item: StreamItem | undefined): void;
}

/** One frame on its way to its run. */
abstract class FrameTask implements RunTask {
  readonly intent: Command['kind'];
  readonly item: StreamItem;
  readonly #ordinal: number;
  readonly #sink: FrameSink;
  #reply: Reply | undefined;

  constructor(item: StreamItem, ordinal: number, intent: Command['kind'], sink: FrameSink) {
    this.intent = intent;
    this.item = item;
    this.#ordinal = ordinal;
    this.#sink = sink;
  }

  /** The command that the frame is at a time. */
  abstract command(now: number): Command;

  /** Follows once it was decided. */
  abstract decided(hot: HotRun): void;

  act(visit: RunVisit): void {
    const { item } = this;
    const result = visit.perform(this.command(visit.now));
    if (result.kind === 'rejected') {
      const error = errorFromRejection(result.rejection, item.key);
      visit.whenDurable((news) => {
        if (news !== 'late') this.fail(news === 'durable' ? error : outcomeUnknown(news));
      });
      return;
    }
    this.#reply = result.reply;
    const { hot } = visit;
    item.hot = hot;
    if (hot !== undefined) this.decided(hot);
    visit.whenDurable((news) => this.#told(news));
  }

  fail(error: unknown): void {
    this.#sink.onReject(this.item.handle, this.#ordinal, error, this.item);
  }

  #told(news: News): void {
    const reply = this.#reply;
    // What is late is not known yet; the worker waits for its acknowledgement.
    if (news === 'late' || reply === undefined) return;
    if (news === 'lost') this.fail(outcomeUnknown(news));
    else if (reply.kind === 'ack') this.#sink.onAck(this.item, reply.ordinal, reply.lastSequence, reply.settled);
  }
}

/** A record of a step. There is one for each step of each run, so it has no functions of its own. */
export class StepTask extends FrameTask {
  /** Let go of once it was decided: it holds the message that it came in. */
  #record: StepRecord | undefined;

  constructor(item: StreamItem, record: StepRecord, sink: FrameSink) {
    super(item, record.ordinal, 'recordStep', sink);
    this.#record = record;
  }

  command(now: number): Command {
    const record = this.#record;
    if (record === undefined) throw new TypeError('the record was decided before');
    return recordStepFromProto(record, this.item.proof, now);
  }

  decided(): void {
    this.#record = undefined;
  }
}

/** Any other frame. */
export class OtherTask extends FrameTask {
  readonly #make: (now: number) => Command;
  readonly #done: ((hot: HotRun) => void) | undefined;

  constructor(item: StreamItem, ordinal: number, other: OtherFrame, sink: FrameSink) {
    super(item, ordinal, other.intent, sink);
    this.#make = other.make;
    this.#done = other.done;
  }

  command(now: number): Command {
    return this.#make(now);
  }

  decided(hot: HotRun): void {
    this.#done?.(hot);
  }
}

/** What a frame is that is no record of a step. */
export interface OtherFrame {
  readonly intent: Command['kind'];
  /** Makes the command. */
  readonly make: (now: number) => Command;
  /** Called once it was decided. */
  readonly done?: (hot: HotRun) => void;
}
