import { type DescMessage, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { Command } from '#libs/engine/commands/command.ts';
import type { Reply } from '#libs/engine/decide/decision.ts';
import type { Rejection } from '#libs/engine/model/rejection.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { once } from '../runs/once.ts';
import { errorFromRejection } from '../wire/rejection.ts';

/** A run in a visit, after the command that was asked for. */
export interface ChangedRun {
  readonly hot: HotRun;
  readonly visit: RunVisit;
  /** The journal position of what was decided. */
  readonly position: number;
}

/** One command to the newest incarnation of a run, by a call that may be repeated. */
export interface ClientChange<D extends DescMessage, K extends Reply['kind']> {
  readonly key: RunKey;
  readonly rpc: string;
  /** Empty: the newest. Another one than the newest is LEASE_LOST. */
  readonly incarnation: string;
  /** Empty: it is not asked for again. */
  readonly requestId: string;
  /** Everything that the request says besides. */
  readonly words: readonly unknown[];
  /** Made within the visit: a fence is given out only there. */
  readonly command: (hot: HotRun, visit: RunVisit) => Command;
  /** The kind of reply that the command has. */
  readonly reply: K;
  readonly response: D;
  readonly answer: (reply: Extract<Reply, { readonly kind: K }>, changed: ChangedRun) => MessageShape<D>;
  /** What a refusal becomes. Default: the error that the engine's reason names. */
  readonly refuse?: (rejection: Rejection, hot: HotRun) => DomainError;
  readonly intent: Command['kind'];
}

/**
 * Changes a run by one command; a repeat with the same request id gets the first answer.
 *
 * @throws RUN_NOT_FOUND, LEASE_LOST for another incarnation, REQUEST_ID_REUSED, and what the engine refuses.
 */
export async function changeClientRun<D extends DescMessage, K extends Reply['kind']>(
  context: StateContext,
  change: ClientChange<D, K>,
): Promise<MessageShape<D>> {
  const { key, rpc, incarnation, requestId, words, intent, response } = change;
  return await once<MessageShape<D>>(context, {
    key,
    rpc,
    requestId,
    words: [incarnation, ...words],
    intent,
    act: (visit, position) => {
      const hot = newestOf(visit, key, incarnation);
      const result = visit.perform(change.command(hot, visit));
      if (result.kind === 'rejected') {
        throw change.refuse?.(result.rejection, hot) ?? errorFromRejection(result.rejection, key);
      }
      if (result.reply.kind !== change.reply) throw new TypeError(`the engine answered ${result.reply.kind}`);
      const reply = result.reply as Extract<Reply, { readonly kind: K }>;
      return change.answer(reply, { hot, visit, position });
    },
    encode: (answer) => toBinary(response, answer),
    decode: (bytes) => fromBinary(response, bytes),
  });
}

/**
 * The newest incarnation of a run.
 *
 * @throws RUN_NOT_FOUND; LEASE_LOST when the caller means another one.
 */
export function newestOf({ hot }: Pick<RunVisit, 'hot'>, key: RunKey, incarnation: string): HotRun {
  if (hot === undefined) throw runNotFound(key);
  if (incarnation === '' || incarnation === hot.identity.incarnation) return hot;
  throw new DomainError('LEASE_LOST', `run ${key.runId} has another incarnation by now`, {
    metadata: { run_id: key.runId, incarnation: hot.identity.incarnation },
  });
}
