import { ClaimService } from '#gen/millrace/state/v1/claim_service_pb.ts';
import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { Driver } from '#gen/millrace/state/v1/driver_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { startStateProcess } from '../hot-path/processes.ts';
import { median } from '../report.ts';
import { bulkStart } from './bulk-start.ts';

/** Looks whose median counts. */
const LOOKS = 300;
const LIMIT = 10;
const WORKFLOW = 'remote';

/** Measures FindAvailableTasks for ten tasks where so many are open, each claimed as it is found; in milliseconds. */
export async function measureTasks(store: string, count: number): Promise<number> {
  await using state = await startStateProcess(store);
  const { address } = state;
  await using channel = createChannel({ address });
  const content = { case: 'opaque', value: { value: { case: 'json', value: '{}' } } } as const;
  const definition = { workflow: WORKFLOW, version: '1', content };
  await createClient(DefinitionService, channel).putDefinition({ definition, activate: true });
  const more = { driver: Driver.CLIENT, firstTask: { taskId: 'first' } };
  await bulkStart({ address, count, workflow: WORKFLOW, prefix: 'open', more });
  const claims = createClient(ClaimService, channel);
  const took: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    const began = performance.now();
    const { tasks } = await claims.findAvailableTasks({ workerId: 'finder', limit: LIMIT });
    took.push(performance.now() - began);
    if (tasks.length !== LIMIT) throw new Error(`${tasks.length} tasks were found`);
    // The next look finds others, which are not in memory any more.
    for (const { runId, taskId } of tasks) await claims.claimTask({ runId, taskId, workerId: 'finder' });
  }
  return median(took);
}
