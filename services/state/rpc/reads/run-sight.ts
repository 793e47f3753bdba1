import { RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { Control } from '#libs/engine/model/control.ts';
import type { OpenItem } from '#libs/engine/model/open-node.ts';
import type { Pause } from '#libs/engine/model/run.ts';
import { type WaitReason, waitsFor } from '#libs/engine/views/waits-for.ts';
import type { ReadyEntry } from '#libs/partition/ready/ready-entry.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { hotEntryOf, readyItemOf } from '#libs/partition/runs/ready-entry-of.ts';
import { type SeenClientNodes, seeClientNodes } from './client-node-reasons.ts';
import { draftRun, type RunDraft } from './run-message.ts';

/** An item of a run that is open. */
export interface SeenItem {
  readonly path: string;
  readonly item: Readonly<OpenItem>;
  /** As the ready lists know it. */
  readonly entry: ReadyEntry;
  /** The event of the last failure. 0: none. */
  readonly failureSequence: number;
}

/** What a visit sees of a run that may hold it up: nothing of it changes when the run goes on. */
export interface RunSight {
  readonly hot: HotRun;
  readonly draft: RunDraft;
  readonly ended: HotRun['ended'];
  readonly resumeTime: number;
  readonly pause: Pause | undefined;
  /** Controls that wait for the runtime of a CLIENT run. */
  readonly pendingControls: readonly Control[];
  readonly items: readonly SeenItem[];
  /** The tasks and work items of a CLIENT run. Absent: it is none, or has ended. */
  readonly clientNodes: SeenClientNodes | undefined;
  /** What else is waited for. */
  readonly waits: readonly WaitReason[];
}

/** Looks at a run. */
export function sightOf(hot: HotRun): RunSight {
  const { run, identity, ended } = hot;
  const isClient = identity.driver === 'CLIENT';
  return {
    hot,
    draft: draftRun(hot, { view: RunView.BASIC }),
    ended,
    resumeTime: run.resumeTime,
    pause: run.pause,
    pendingControls: isClient ? [run.cancel, run.pendingPause].filter((control) => control !== undefined) : [],
    items: ended === undefined && !isClient ? itemsOf(hot) : [],
    clientNodes: ended === undefined && isClient ? seeClientNodes(hot) : undefined,
    waits: isClient
      ? []
      : waitsFor(run).filter(({ kind, step }) => kind !== 'worker' && (kind !== 'retry' || step !== undefined)),
  };
}

function itemsOf(hot: HotRun): readonly SeenItem[] {
  const items: SeenItem[] = [];
  for (const node of hot.run.nodes.values()) {
    const ready = readyItemOf(node);
    if (node.item === undefined || ready === undefined) continue;
    const entry = hotEntryOf(hot, ready);
    items.push({ path: node.path, item: { ...node.item }, entry, failureSequence: node.failureSequence });
  }
  return items;
}
