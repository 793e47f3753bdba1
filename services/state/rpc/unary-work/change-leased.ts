import { type DescMessage, type DescMethodUnary, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { CommandKind } from '#libs/engine/commands/command.ts';
import type { LeaseProof } from '#libs/engine/commands/item-commands.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { RunVisit } from '#libs/partition/serve/run-visit.ts';
import type { StateContext } from '../context.ts';
import { once } from '../runs/once.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { type LeasedRun, type MissingItem, proofFrom } from './leased-run.ts';
import { type Repeatable, requestDigest } from './request-digest.ts';

/** A change that a worker makes to a run by a lease. */
export interface LeasedChange<O> {
  readonly target: LeasedRun;
  readonly missing: MissingItem;
  readonly intent: CommandKind;
  /** Decides, and makes the answer; what it throws is the answer. */
  readonly act: (visit: RunVisit, hot: HotRun, proof: LeaseProof) => O;
}

/**
 * Visits a leased run once for all that a request says; with a request id, once for all its repeats too.
 *
 * @throws RUN_NOT_FOUND, WRONG_DRIVER for a CLIENT run, what the lease proves not, REQUEST_ID_REUSED, and what `act` throws.
 */
export async function changeLeased<I extends DescMessage, O extends DescMessage>(
  context: StateContext,
  method: DescMethodUnary<I, O>,
  request: Repeatable<I>,
  { target, missing, intent, act }: LeasedChange<MessageShape<O>>,
): Promise<MessageShape<O>> {
  const { tenantId, runId, lease } = target;
  const key = { tenantId, runId };
  return await once<MessageShape<O>>(context, {
    key,
    rpc: method.name,
    requestId: request.requestId,
    words: request.requestId === '' ? [] : [requestDigest(method.input, request)],
    intent,
    act: (visit) => {
      const { hot } = visit;
      if (hot === undefined) throw runNotFound(key);
      const { driver } = hot.identity;
      // Its claims are not the leases of these calls: to look for one among them could only tell something else.
      if (driver !== 'SERVER') throw errorFromRejection({ reason: 'WRONG_DRIVER', metadata: { driver } }, key);
      return act(visit, hot, proofFrom(hot.run, lease, missing));
    },
    encode: (answer) => toBinary(method.output, answer),
    decode: (bytes) => fromBinary(method.output, bytes),
  });
}
