import type { Command } from '#libs/engine/commands/command.ts';
import type { StartRun } from '#libs/engine/commands/start-run.ts';
import type { Effect } from '#libs/engine/effects/effect.ts';
import type { Event } from '#libs/engine/events/event.ts';
import { type ByteWriter, createByteWriter, writeByte } from '#libs/engine/log/byte-writer.ts';
import { encodeEvent } from '#libs/engine/log/event-codec.ts';
import type { DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import type { Driver } from '#libs/engine/model/status.ts';
import { type Performance, perform } from '#libs/engine/perform.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { Waiter } from '../commit/waiter.ts';
import { createHotRun, type HotRun, replaceRun } from '../runs/hot-run.ts';
import { runEndOf } from '../runs/run-end.ts';
import { ENTRY_KIND, encodeRunName, writeRunEntryHead } from '../runs/run-entry.ts';
import { hasLargeSave, noSavedPayloads, withoutPayloads } from '../runs/saved-snapshots.ts';
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

/**
 * One look at a run that nothing else happens in: what its commands lead to is one journal entry. It is good only until
 * the task that it was opened for returns: waiters must not use it.
 */
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

/** What visits hand on. */
export interface VisitSink {
  /** An effect, as soon as the command was decided; it may lead to further commands of the same visit. */
  onEffect(visit: RunVisit, hot: HotRun, effect: Effect): void;
  /** The run that is under the id from now on. */
  onStarted(hot: HotRun): void;
  /** Folds an event of the partition. */
  onRecord(event: PartitionEvent): void;
  /** Adds an entry, the first bytes of scratch space, to the record that fills; answers the position of that record. */
  addEntry(bytes: Uint8Array, length: number): number;
}

/** A visit as the partition drives it. */
export interface DrivenVisit extends RunVisit {
  /** The run was deleted in this visit. */
  readonly isForgotten: boolean;
  /** Whether anything was written of the run. */
  readonly hasChanged: boolean;
  /** What waits for this visit's record. */
  readonly waiters: readonly Waiter[];
  /** Looks at another run. */
  begin(key: RunKey, found: HotRun | undefined, now: number): void;
  /** Writes the entries of this visit, one for each incarnation that something happened to. */
  write(): void;
  /** Writes what happened to the partition; also of a visit that failed, because it is folded already. */
  writeRecords(): void;
  /** The visit is over. */
  end(): void;
}

/** The visits to the runs of a partition. */
export interface Visits {
  /** Begins a visit, which has to be ended. One may begin within another. */
  open(key: RunKey, found: HotRun | undefined, now: number): DrivenVisit;
}

/**
 * Makes the visits of a partition. They are used again and again, because there is one for each frame of each worker, and
 * what its waiters hold on to lives as long as a commit takes.
 */
export function createVisits(sink: VisitSink): Visits {
  const writer = createByteWriter(SCRATCH_BYTES);
  const idle: DrivenVisit[] = [];
  return {
    open: (key, found, now) => {
      const visit = idle.pop() ?? createVisit(sink, writer, idle);
      visit.begin(key, found, now);
      return visit;
    },
  };
}

/** What a visit needs for its entries at first. */
const SCRATCH_BYTES = 4_096;
const NO_EVENTS: readonly Event[] = Object.freeze([]);
const NO_KEY: RunKey = Object.freeze({ tenantId: '', runId: '' });

function createVisit(sink: VisitSink, writer: ByteWriter, idle: DrivenVisit[]): DrivenVisit {
  let key = NO_KEY;
  let now = 0;
  let hot: HotRun | undefined;
  let events = NO_EVENTS;
  let isOpen = false;
  let isFresh = false;
  let isForgotten = false;
  let hasChanged = false;
  /** The incarnation that was replaced in this visit, with what happened to it. */
  let before: { readonly hot: HotRun; readonly events: readonly Event[] } | undefined;
  const waiters: Waiter[] = [];
  const records: PartitionEvent[] = [];

  function assertOpen(): void {
    if (!isOpen) throw new TypeError('the visit is over');
  }

  function run(command: Command): CommandResult {
    assertOpen();
    if (hot === undefined) return { kind: 'rejected', rejection: { reason: 'RUN_NOT_FOUND', metadata: {} } };
    const visited = hot;
    const performance = perform(visited.run, command, now);
    if (performance.events.length > 0) {
      events = events.length === 0 ? performance.events : [...events, ...performance.events];
      for (const event of performance.events) visited.ended = runEndOf(event) ?? visited.ended;
    }
    for (const effect of performance.effects) sink.onEffect(visit, visited, effect);
    return performance.result;
  }

  function writeEvents(target: HotRun, written: readonly Event[], start: StartFacts | undefined): void {
    const { tail } = target;
    // Places are counted, because the records of CLIENT runs have no number of their own.
    const firstSequence = tail.nextSequence;
    writer.length = 0;
    target.entryName ??= encodeRunName(target.identity);
    writeRunEntryHead(writer, target.entryName, start, { firstSequence, count: written.length });
    const eventsAt = writer.length;
    for (const event of written) encodeEvent(writer, event, target.baseTime);
    if (target.run.client !== undefined && hasLargeSave(written)) keepWithoutPayloads(target, written, firstSequence);
    else tail.append(firstSequence, written.length, writer.bytes, eventsAt, writer.length);
    target.lastPosition = sink.addEntry(writer.bytes, writer.length);
  }

  /** The journal has what a runtime saved; the log of the run keeps where that is. */
  function keepWithoutPayloads(target: HotRun, written: readonly Event[], firstSequence: number): void {
    target.saved ??= noSavedPayloads();
    const kept = withoutPayloads(written, target.saved);
    const length = writer.length;
    for (const event of kept) encodeEvent(writer, event, target.baseTime);
    target.tail.append(firstSequence, kept.length, writer.bytes, length, writer.length);
    writer.length = length;
  }

  const visit: DrivenVisit = {
    get key() {
      return key;
    },
    get hot() {
      return hot;
    },
    get now() {
      return now;
    },
    get isForgotten() {
      return isForgotten;
    },
    get hasChanged() {
      return hasChanged;
    },
    waiters,
    begin: (ofKey, found, at) => {
      key = ofKey;
      hot = found;
      now = at;
      isOpen = true;
    },
    perform: run,
    start: ({ incarnation, driver, rules, start, command }) => {
      assertOpen();
      if (hot !== undefined) before = { hot, events };
      events = NO_EVENTS;
      hot = createHotRun({ tenantId: key.tenantId, runId: key.runId, incarnation, driver }, rules, start);
      if (before !== undefined) replaceRun(before.hot, hot);
      hot.freshInput = command.input;
      isFresh = true;
      sink.onStarted(hot);
      return run(command);
    },
    forget: () => {
      isForgotten = true;
    },
    record: (event) => {
      assertOpen();
      sink.onRecord(event);
      records.push(event);
    },
    whenDurable: (waiter) => {
      assertOpen();
      waiters.push(waiter);
    },
    write: () => {
      if (before !== undefined && before.events.length > 0) writeEvents(before.hot, before.events, undefined);
      if (hot === undefined || events.length === 0) return;
      writeEvents(hot, events, isFresh ? hot.start : undefined);
      hasChanged = true;
    },
    writeRecords: () => {
      if (records.length === 0) return;
      writer.length = 0;
      writeByte(writer, ENTRY_KIND.partition);
      for (const record of records) encodePartitionEvent(writer, record);
      sink.addEntry(writer.bytes, writer.length);
    },
    end: () => {
      key = NO_KEY;
      hot = undefined;
      events = NO_EVENTS;
      before = undefined;
      isOpen = false;
      isFresh = false;
      isForgotten = false;
      hasChanged = false;
      waiters.length = 0;
      records.length = 0;
      idle.push(visit);
    },
  };
  return visit;
}
