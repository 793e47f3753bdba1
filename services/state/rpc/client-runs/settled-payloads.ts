import type { Payload as PayloadProto } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { isTerminal } from '#libs/engine/model/status.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { needsSettling, type SettleContext, settlePayload } from '../payloads/settle-payload.ts';
import { payloadFromProto } from '../wire/payload.ts';
import { ReadFirst } from './read-first.ts';

/** A payload of a request, by the path of its field. */
export interface RequestPayload {
  readonly payload: PayloadProto | undefined;
  readonly field: string;
}

/** The payloads of one request, as the engine takes them. */
export interface SettledPayloads {
  /**
   * Those of a request to a run, within its visit. A run that takes nothing of a client gets none: it is refused.
   *
   * @throws ReadFirst while large ones are not in the blobs of the run, INVALID_FIELDS.
   */
  take(hot: HotRun, wanted: readonly RequestPayload[]): readonly (Payload | undefined)[];
}

/**
 * Brings large payloads of a request into the blobs of the run that gets them, once that is known: a request that is
 * repeated or refused stores nothing. [journal.md 25]
 */
export function createSettledPayloads(context: SettleContext, signal: AbortSignal): SettledPayloads {
  const settled = new Map<string, Payload>();

  return {
    take: (hot, wanted) => {
      if (hot.run.client === undefined || isTerminal(hot.run.status)) return wanted.map(() => undefined);
      const { identity } = hot;
      const name = ({ field }: RequestPayload): string => `${identity.incarnation} ${field}`;
      const missing = wanted.filter((one) => needsSettling(one.payload) && !settled.has(name(one)));
      if (missing.length > 0) {
        throw new ReadFirst(async () => {
          for (const one of missing) {
            if (one.payload === undefined) continue;
            settled.set(name(one), await settlePayload(context, identity, one.payload, signal));
          }
        });
      }
      return wanted.map((one) => settled.get(name(one)) ?? payloadFromProto(one.payload, one.field));
    },
  };
}
