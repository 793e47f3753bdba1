import { create } from '@bufbuild/protobuf';
import { type Run, RunSchema, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { ExplainRunResponse } from '#gen/millrace/state/v1/run_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { runIdKey } from '#libs/partition/mailboxes/run-id-key.ts';
import { maybeLoadPastRun, maybeLoadRun } from '#libs/partition/rows/load-run.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import { partitionOfSlot, slotOf } from '#libs/store/slots.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import type { StateContext } from '../context.ts';
import { runToProto } from '../wire/run.ts';
import { explanationFrom } from './explanation.ts';
import { partitionReason, quarantineReason } from './run-reasons.ts';
import { untilDurable } from './until-durable.ts';

/**
 * Explains a run that is not served, by its rows: nobody owns its partition, the partition's records cannot be read, or
 * the run is quarantined. Undefined: it is served, or another node knows.
 *
 * @throws NOT_OWNER, RUN_NOT_FOUND for a run without rows.
 */
export async function maybeExplainUnserved(
  context: StateContext,
  key: RunKey,
  incarnation: string,
): Promise<ExplainRunResponse | undefined> {
  const number = partitionOfSlot(slotOf(key.tenantId, key.runId), context.store.meta.partitions);
  const owner = context.cluster.ownerOf(number);
  if (owner.kind === 'nobody' || owner.kind === 'faulted') {
    const hot = await maybeReadRun(context, key, incarnation);
    if (hot === undefined) throw runNotFound(key, incarnation);
    const isFaulted = owner.kind === 'faulted';
    const reason = partitionReason(number, isFaulted ? context.nodeId : '', isFaulted);
    return explanationFrom(runToProto(hot, RunView.BASIC), [reason]);
  }
  const partition = context.node.partitionOf(key);
  const quarantined = partition.state.quarantined.get(runIdKey(key));
  if (quarantined === undefined || (incarnation !== '' && incarnation !== quarantined.incarnation)) return undefined;
  await untilDurable(partition);
  const run = await readQuarantined(context, key, quarantined.incarnation);
  return explanationFrom(run, [quarantineReason(quarantined)]);
}

async function maybeReadRun({ history }: StateContext, key: RunKey, incarnation: string): Promise<HotRun | undefined> {
  const newest = await maybeLoadRun(history.tables, history.readRules, key);
  if (incarnation === '' || newest?.identity.incarnation === incarnation) return newest;
  return await maybeLoadPastRun(history.tables, history.readRules, { ...key, incarnation });
}

/** As the last round wrote it; what cannot be read of it is left out. */
async function readQuarantined(context: StateContext, key: RunKey, incarnation: string): Promise<Run> {
  try {
    const hot = await maybeReadRun(context, key, incarnation);
    if (hot !== undefined) return runToProto(hot, RunView.BASIC, { quarantined: true });
  } catch (error) {
    if (!(error instanceof DomainError && error.reason === 'DATA_CORRUPTION')) throw error;
  }
  return create(RunSchema, { ...key, incarnation, quarantined: true });
}
