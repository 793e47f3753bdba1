import type { LeaseProof } from '../commands/item-commands.ts';
import type { HeldNode, SettleKind } from '../model/open-node.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import { type Decision, nothing, rejected } from './decision.ts';
import { ack } from './draft.ts';

/**
 * The node whose item the proof holds: same incarnation, item and fence. Undefined otherwise, and then `refuseProof` says
 * how it is answered. A ttl that has passed was dealt with before, by `decide`, so a lease that is here holds [23].
 */
export function heldNode(run: Run, proof: LeaseProof): HeldNode | undefined {
  const node = run.nodes.get(proof.nodePath);
  const item = node?.item;
  if (item === undefined || item.itemSequence !== proof.itemSequence) return undefined;
  if (item.lease === undefined || item.lease.fence !== proof.fence) return undefined;
  return run.identity.incarnation === proof.incarnation ? (node as HeldNode) : undefined;
}

/** How the worker with this proof ended its hold, when it was the last that did. */
export function settledBy(run: Run, proof: LeaseProof): SettleKind | undefined {
  if (run.identity.incarnation !== proof.incarnation) return undefined;
  const settled = run.nodes.get(proof.nodePath)?.settled;
  if (settled === undefined || settled.fence !== proof.fence) return undefined;
  return settled.itemSequence === proof.itemSequence ? settled.kind : undefined;
}

/**
 * The answer to a proof that holds nothing: the same settle again is acknowledged without effect, anything else after the
 * end of the run is RUN_TERMINAL, and all the rest is LEASE_LOST.
 */
export function refuseProof(run: Run, proof: LeaseProof, repeats: SettleKind | undefined): Decision {
  if (repeats !== undefined && settledBy(run, proof) === repeats) {
    return nothing(ack(run.stepCount, run.lastSequence, true));
  }
  if (run.identity.incarnation === proof.incarnation && isTerminal(run.status)) {
    return rejected('RUN_TERMINAL', { state: run.status });
  }
  return rejected('LEASE_LOST');
}
