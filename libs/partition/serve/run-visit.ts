import type { Command } from '#libs/engine/commands/command.ts';
import type { StartRun } from '#libs/engine/commands/start-run.ts';
import type { Effect } from '#libs/engine/effects/effect.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { type ByteWriter, createByteWriter, writeByte, writtenBytes } from '#libs/engine/log/byte-writer.ts';
import { encodeEvent } from '#libs/engine/log/event-codec.ts';
import type { DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import type { Driver } from '#libs/engine/model/status.ts';
import { type Performance, perform } from '#libs/engine/perform.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { Waiter } from '../commit/waiter.ts';
import { createHotRun, type HotRun, replaceRun } from '../runs/hot-run.ts';
import { runEndOf } from '../runs/run-end.ts';
import { ENTRY_KIND, writeRunEntryHead } from '../runs/run-entry.ts';
import type { StartFacts } from '../runs/start-facts.ts';
import type { PartitionEvent } from '../state/partition-event.ts';
import { encodePartitionEvent } from '../state/partition-event-codec.ts';

/** What becomes of a command. */
export type CommandResult = Performance['result'];

/** A fresh incarnation. */
export interface FreshRun {
  readonly incarnation: string;
  readonly driver: Driver;
  readonly rules: DefinitionRules;
  readonly start: StartFacts;
  readonly command: StartRun;
}

/** One look at a run that nothing else happens in: what its commands lead to is one journal entry. */
export interface RunVisit {
  readonly key: RunKey;
  /** The run. Absent: there is none under the id. */
  readonly hot: HotRun | undefined;
  /** The time of everything in this visit. */
  readonly now: number;
  /** Decides a command and folds what it led to. Only when there is a run. */
  perform(command: Command): CommandResult;
  /** Starts a fresh incarnation, in place of the one that was there. */
  start(fresh: FreshRun): CommandResult;
  /** The run leaves memory at the end of the visit, because it was deleted. */
  forget(): void;
  /** Something happens to the partition beside the run, in the same record. */
  record(event: PartitionEvent): void;
  /** Hears when everything that this visit did or looked at is durable. [journal.md 10] */
  whenDurable(waiter: Waiter): void;
}

/** What a visit hands on. */
export interface VisitSink {
  /** An effect, as soon as the command was decided; it may lead to further commands of the same visit. */
  onEffect(visit: RunVisit, hot: HotRun, effect: Effect): void;
  /** The run that is under the id from now on. */
  onStarted(hot: HotRun): void;
  /** Folds an event of the partition. */
  onRecord(event: PartitionEvent): void;
}

/** A visit as the partition drives it. */
export interface DrivenVisit extends RunVisit {
  /** The run was deleted in this visit. */
  readonly isForgotten: boolean;
  /** What waits for this visit's record. */
  readonly waiters: readonly Waiter[];
  /** Writes the entries of this visit, one for each incarnation that something happened to. */
  close(add: (entry: Uint8Array) => void, position: number): void;
  /** Writes what happened to the partition; also of a visit that failed, because it is folded already. */
  closeRecords(add: (entry: Uint8Array) => void): void;
}

/** Opens a visit. `writer` is scratch space. */
export function openVisit(
  key: RunKey,
  found: HotRun | undefined,
  now: number,
  sink: VisitSink,
  writer: ByteWriter,
): DrivenVisit {
  let hot = found;
  let events: Event[] = [];
  let isFresh = false;
  let isForgotten = false;
  /** The incarnation that was replaced in this visit, with what happened to it. */
  let before: { readonly hot: HotRun; readonly events: readonly Event[] } | undefined;
  const waiters: Waiter[] = [];
  let records: PartitionEvent[] | undefined;

  function run(command: Command): CommandResult {
    if (hot === undefined) return { kind: 'rejected', rejection: { reason: 'RUN_NOT_FOUND', metadata: {} } };
    const visited = hot;
    const performance = perform(visited.run, command, now);
    if (events.length === 0) events = performance.events as Event[];
    else if (performance.events.length > 0) events = [...events, ...performance.events];
    for (const event of performance.events) visited.ended = runEndOf(event) ?? visited.ended;
    for (const effect of performance.effects) sink.onEffect(visit, visited, effect);
    return performance.result;
  }

  function write(target: HotRun, written: readonly Event[], start: StartFacts | undefined): Uint8Array {
    // Places are counted, because the records of CLIENT runs have no number of their own.
    const firstSequence = target.tail.nextSequence;
    writer.length = 0;
    writeRunEntryHead(writer, target.identity, start, { firstSequence, count: written.length });
    const eventsAt = writer.length;
    for (const event of written) encodeEvent(writer, event, target.baseTime);
    const entry = writtenBytes(writer);
    target.tail.push({ firstSequence, count: written.length, bytes: entry.subarray(eventsAt) });
    return entry;
  }

  const visit: DrivenVisit = {
    key,
    get hot() {
      return hot;
    },
    now,
    waiters,
    perform: run,
    start: ({ incarnation, driver, rules, start, command }) => {
      if (hot !== undefined) before = { hot, events };
      events = [];
      hot = createHotRun({ ...key, incarnation, driver }, rules, start);
      if (before !== undefined) {
        replaceRun(before.hot, hot);
      }
      isFresh = true;
      sink.onStarted(hot);
      return run(command);
    },
    get isForgotten() {
      return isForgotten;
    },
    forget: () => {
      isForgotten = true;
    },
    record: (event) => {
      sink.onRecord(event);
      records ??= [];
      records.push(event);
    },
    whenDurable: (waiter) => {
      waiters.push(waiter);
    },
    close: (add, position) => {
      if (before !== undefined && before.events.length > 0) {
        add(write(before.hot, before.events, undefined));
        before.hot.lastPosition = position;
      }
      if (hot === undefined || events.length === 0) return;
      add(write(hot, events, isFresh ? hot.start : undefined));
      hot.lastPosition = position;
    },
    closeRecords: (add) => {
      if (records === undefined) return;
      writer.length = 0;
      writeByte(writer, ENTRY_KIND.partition);
      for (const record of records) encodePartitionEvent(writer, record);
      add(writtenBytes(writer));
    },
  };
  return visit;
}

/** Scratch space for the entries of one partition. */
export function createEntryWriter(): ByteWriter {
  return createByteWriter(4_096);
}
