import type { Run as RunMessage } from '#gen/millrace/state/v1/run_pb.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { lookAt } from '../reads/look-at.ts';
import { draftRun, finishRun, type ShowOptions } from '../reads/run-message.ts';

/** A run as it was at one moment. */
export interface ReadRun {
  readonly run: RunMessage;
  readonly hot: HotRun;
  /** Nothing of it changes any more. */
  readonly isOver: boolean;
}

/**
 * Reads a run, the newest incarnation where none is named. What it shows is durable, and of one moment.
 *
 * @throws RUN_NOT_FOUND.
 */
export async function readRun(
  context: StateContext,
  key: RunKey,
  incarnation: string,
  options: ShowOptions,
): Promise<ReadRun> {
  const draft = await lookAt(context, key, incarnation, (hot) => draftRun(hot, options));
  return { run: await finishRun(context.store, draft), hot: draft.hot, isOver: draft.isOver };
}
