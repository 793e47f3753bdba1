import type { Payload as PayloadProto } from '#gen/millrace/common/v1/payload_pb.ts';
import type { StepRecord } from '#gen/millrace/state/v1/work_up_pb.ts';
import type { Failure } from '#gen/millrace/workflow/v1/failure_pb.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { runNotFound } from '#libs/partition/serve/history.ts';
import type { StateContext } from '../context.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { maybeLargePayload, withPayload } from '../payloads/step-payload.ts';
import { payloadToProto } from '../wire/payload.ts';
import { type LeasedRun, leaseLost } from './leased-run.ts';

/** Brings payloads of a run into the blob store, those that have to be there. */
export interface Settler {
  payload(payload: PayloadProto): Promise<PayloadProto>;
  maybePayload(payload: PayloadProto | undefined): Promise<PayloadProto | undefined>;
  failure(failure: Failure | undefined): Promise<Failure | undefined>;
  records(records: readonly StepRecord[]): Promise<readonly StepRecord[]>;
}

/**
 * Makes the settler of a call. Large payloads are kept only for an incarnation that is the run's newest, so that nothing
 * is stored for what is refused anyway. [journal.md 25]
 *
 * @throws (each) RUN_NOT_FOUND, LEASE_LOST, PAYLOAD_TOO_LARGE, PAYLOAD_NOT_FOUND.
 */
export function createSettler(context: StateContext, target: LeasedRun, signal: AbortSignal): Settler {
  let isChecked = false;

  async function payload(message: PayloadProto): Promise<PayloadProto> {
    if (!needsSettling(message)) return message;
    if (!isChecked) await assertNewest(context, target);
    isChecked = true;
    const { tenantId, runId, incarnation } = target;
    return payloadToProto(await settlePayload(context, { tenantId, runId, incarnation }, message, signal)) ?? message;
  }

  async function failure(message: Failure | undefined): Promise<Failure | undefined> {
    if (message?.details === undefined) return message;
    return { ...message, details: await payload(message.details) };
  }

  return {
    payload,
    maybePayload: async (message) => (message === undefined ? undefined : await payload(message)),
    failure,
    records: async (records) => {
      if (!records.some((record) => maybeLargePayload(record) !== undefined)) return records;
      const settled: StepRecord[] = [];
      for (const record of records) {
        const large = maybeLargePayload(record);
        settled.push(large === undefined ? record : withPayload(record, await payload(large)));
      }
      return settled;
    },
  };
}

async function assertNewest({ node }: StateContext, { tenantId, runId, incarnation, lease }: LeasedRun): Promise<void> {
  const key = { tenantId, runId };
  await ask(node.partitionOf(key), key, {
    intent: 'read',
    act: ({ hot }) => {
      if (hot === undefined) throw runNotFound(key);
      if (hot.identity.incarnation !== incarnation) throw leaseLost(lease);
    },
  });
}
