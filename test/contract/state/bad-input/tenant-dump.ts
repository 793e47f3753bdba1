import { setTimeout as sleep } from 'node:timers/promises';
import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import {
  DefinitionService,
  DefinitionView,
  ListDefinitionsResponseSchema,
} from '#gen/millrace/state/v1/definition_service_pb.ts';
import { EventLogService, ListEventsResponseSchema } from '#gen/millrace/state/v1/event_log_service_pb.ts';
import { ListDeadLettersResponseSchema, QueueService } from '#gen/millrace/state/v1/queue_service_pb.ts';
import { type Run, RunSchema, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import { ListTokensResponseSchema, TokenService } from '#gen/millrace/state/v1/token_service_pb.ts';
import { failureOf } from '#test/doors/failure.ts';
import { GRPC, ROOT, type ServedState } from '../serve-state.ts';

/** Lists may lag by 100 ms. */
const LIST_LAG_MS = 150;

/**
 * Everything that callers can see of a tenant, as JSON: two dumps are equal when nothing has changed between them. It
 * waits until a list shows so many incarnations at least.
 */
export async function dumpTenant(
  { addresses }: ServedState,
  tenantId: string,
  atLeast: number,
): Promise<readonly unknown[]> {
  const door = GRPC.transport(addresses);
  const runs = createClient(RunService, door);
  const events = createClient(EventLogService, door);
  const definitions = createClient(DefinitionService, door);
  let found: readonly Run[] = [];
  do {
    await sleep(LIST_LAG_MS);
    found = (await runs.listRuns({ tenantId, filter: { includeReplaced: true }, pageSize: 1_000 }, ROOT)).runs;
  } while (found.length < atLeast);
  const whole = await Promise.all(
    found.map(async ({ runId, incarnation }: Run): Promise<readonly unknown[]> => {
      const { run } = await runs.getRun({ tenantId, runId, incarnation, view: RunView.FULL }, ROOT);
      const log = { tenantId, runId, incarnation, includeSystem: true, pageSize: 1_000 };
      return [
        run === undefined ? undefined : toJson(RunSchema, run),
        toJson(ListEventsResponseSchema, await events.listEvents(log, ROOT)),
      ];
    }),
  );
  const stored = await definitions.listDefinitions({ tenantId, view: DefinitionView.FULL, pageSize: 1_000 }, ROOT);
  return [
    ...whole,
    toJson(ListDefinitionsResponseSchema, stored),
    await unlessUnbuilt(
      ListDeadLettersResponseSchema,
      createClient(QueueService, door).listDeadLetters({ tenantId, pageSize: 1_000 }, ROOT),
    ),
    await unlessUnbuilt(
      ListTokensResponseSchema,
      createClient(TokenService, door).listTokens({ tenantId, pageSize: 1_000 }, ROOT),
    ),
  ];
}

async function unlessUnbuilt<D extends DescMessage>(desc: D, call: Promise<MessageShape<D>>): Promise<unknown> {
  try {
    return toJson(desc, await call);
  } catch {
    const { reason } = await failureOf(call);
    return reason;
  }
}
