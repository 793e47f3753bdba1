import { RunStatus } from '#gen/millrace/state/v1/run_status_pb.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import { createRunSession } from '#libs/run-session/run-session.ts';
import { createClosedLoop, type Load } from './closed-loop.ts';

/** What each run is started with. */
const INPUT = Buffer.alloc(100, 120);

/** Runs by the public session. */
export function sessionLoad(channel: RpcChannel): Load {
  const session = createRunSession({ channel });
  return createClosedLoop(async (runId) => {
    const start = { workflow: 'bench', runId, input: { value: { case: 'data', value: INPUT } } } as const;
    const { status } = await session.start(start, { wait: true, brief: true }).ended;
    if (status !== RunStatus.COMPLETED) throw new Error(`run ${runId} ended with status ${status}`);
  });
}
