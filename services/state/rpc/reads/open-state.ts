import { type OpenNode, OpenNodeState, type OpenState } from '#gen/millrace/state/v1/open_state_pb.ts';
import { itemIdFrom } from '#libs/engine/model/lease.ts';
import { attemptOf, type OpenNode as EngineNode } from '#libs/engine/model/open-node.ts';
import { ROOT } from '#libs/engine/model/run.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import { waitsFor } from '#libs/engine/views/waits-for.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { leaseToProto } from '../wire/lease.ts';
import { waitToProto } from '../wire/wait.ts';

/** What is open in a SERVER run: its fold, without results and payloads. */
export function openStateOf(hot: HotRun): OpenState {
  const { run, identity } = hot;
  const nodes = isTerminal(run.status) ? [] : [...run.nodes.values()];
  return {
    $typeName: 'millrace.state.v1.OpenState',
    nodes: nodes.map((node) => openNodeOf(hot, node)),
    waits: waitsFor(run).map((reason) => waitToProto(reason, identity.incarnation, () => undefined)),
    bufferedSignals: Object.fromEntries(Array.from(run.signals.byName, ([name, { length }]) => [name, length])),
    stepRecords: BigInt(run.stepCount),
  };
}

function openNodeOf({ run, identity }: HotRun, node: EngineNode): OpenNode {
  const { path, item, openedSequence } = node;
  const lease = item?.lease;
  return {
    $typeName: 'millrace.state.v1.OpenNode',
    nodePath: path === ROOT ? run.workflow : path,
    state: stateOf(run.status === 'PAUSED', node),
    attempt: item?.attempt ?? attemptOf(node),
    openedSequence: BigInt(openedSequence),
    itemId: item === undefined ? '' : itemIdFrom(identity.incarnation, item.itemSequence),
    ...(lease === undefined ? {} : { lease: leaseToProto(lease, identity, path) }),
  };
}

function stateOf(isHeld: boolean, { item, failures, expiries }: EngineNode): OpenNodeState {
  if (item === undefined) return OpenNodeState.PARKED;
  if (item.lease !== undefined) return OpenNodeState.LEASED;
  if (isHeld) return OpenNodeState.HELD;
  const isRetry = item.notBeforeTime !== undefined && failures + expiries > 0;
  return isRetry ? OpenNodeState.RETRYING : OpenNodeState.READY;
}
