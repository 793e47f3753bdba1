import { setTimeout as sleep } from 'node:timers/promises';
import { EventLogService } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import type { Run } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { isTerminal } from '../exit-codes.ts';
import { answered } from './answered.ts';
import { createPatience, type PatienceContext } from './patience.ts';
import type { RunRef } from './wait-for-end.ts';

/** Between two streams, so that one that keeps ending at once is no busy loop. */
const BREATH_MS = 100;

/** Which events. */
export interface EventRange extends RunRef {
  /** Only events after this one. */
  readonly afterSequence: bigint;
  /** System records too. */
  readonly includeSystem: boolean;
}

/**
 * Hands over the events of one incarnation in order, those to come included, until the run has ended: then it answers
 * the run. A stream that breaks or is told to go away is followed by one that goes on after the last event.
 *
 * @throws RUN_NOT_FOUND, and what else the service answers.
 */
export async function followEvents(
  channel: RpcChannel,
  range: EventRange,
  context: PatienceContext,
  onEvent: (event: Event) => void,
): Promise<Run> {
  const { signal } = context;
  const { tenantId, runId, includeSystem } = range;
  const log = createClient(EventLogService, channel);
  const runs = createClient(RunService, channel);
  const patience = createPatience(context);
  let { incarnation, afterSequence } = range;
  for (;;) {
    try {
      const request = { tenantId, runId, incarnation, afterSequence, includeSystem };
      for await (const answer of log.watchEvents(request, { signal })) {
        patience.heard();
        incarnation = answer.incarnation || incarnation;
        for (const event of answer.events) {
          onEvent(event);
          afterSequence = event.sequence > afterSequence ? event.sequence : afterSequence;
        }
        if (answer.goAway !== undefined) {
          break;
        }
      }
      const { run } = await runs.getRun({ tenantId, runId, incarnation }, { signal });
      patience.heard();
      const found = answered(run, 'the run');
      if (isTerminal(found.status) && afterSequence >= found.lastSequence) {
        return found;
      }
      incarnation = found.incarnation;
      await sleep(BREATH_MS, undefined, { signal });
    } catch (error) {
      await patience.pause(error);
    }
  }
}
