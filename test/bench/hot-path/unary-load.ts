import { RunService } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { createClient } from '#libs/rpc/client/client.ts';
import { createClosedLoop, type Load } from './closed-loop.ts';

/** What each run is started with. */
const INPUT = Buffer.alloc(100, 120);

/** Runs by the unary calls StartRun and WaitRun. */
export function unaryLoad(channel: RpcChannel): Load {
  const runs = createClient(RunService, channel);
  return createClosedLoop(async (runId) => {
    await runs.startRun({ workflow: 'bench', runId, input: { value: { case: 'data', value: INPUT } } });
    const { ended } = await runs.waitRun({ runId });
    if (!ended) throw new Error(`run ${runId} did not end in time`);
  });
}
