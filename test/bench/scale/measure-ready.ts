import { DefinitionService } from '#gen/millrace/state/v1/definition_service_pb.ts';
import { DispatchService } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { createChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { startStateProcess } from '../hot-path/processes.ts';
import { median } from '../report.ts';
import { bulkStart } from './bulk-start.ts';

/** Polls whose median counts. */
const POLLS = 300;
const FEW = 1_000;
/** One run in so many is for a tag that no worker has. */
const TAGGED_ONE_IN = 10;

/** Milliseconds of a PollWork for one item, with few runs ready and with many. */
export interface ReadyRuns {
  readonly fewMs: number;
  readonly manyMs: number;
}

/** Measures PollWork with few and with so many runs ready, a tenth of them for a tag that no worker has. */
export async function measureReady(store: string, count: number): Promise<ReadyRuns> {
  await using state = await startStateProcess(store);
  const { address } = state;
  await using channel = createChannel({ address });
  const content = { case: 'function', value: {} } as const;
  const definition = { workflow: 'bench', version: '1', content };
  await createClient(DefinitionService, channel).putDefinition({ definition, activate: true });
  const tagsOf = (index: number): readonly string[] => (index % TAGGED_ONE_IN === 0 ? ['nobody-has-it'] : []);
  await bulkStart({ address, count: FEW, workflow: 'bench', prefix: 'few', tagsOf });
  const fewMs = await measurePolls();
  await bulkStart({ address, count, workflow: 'bench', prefix: 'many', tagsOf });
  return { fewMs, manyMs: await measurePolls() };

  async function measurePolls(): Promise<number> {
    const dispatch = createClient(DispatchService, channel);
    const took: number[] = [];
    for (let poll = 0; poll < POLLS; poll += 1) {
      const began = performance.now();
      const { assignments } = await dispatch.pollWork({
        workerId: 'poller',
        definitions: [{ workflow: 'bench', version: '1' }],
        maxItems: 1,
      });
      took.push(performance.now() - began);
      if (assignments.length !== 1) throw new Error('a poll found nothing');
    }
    return median(took);
  }
}
