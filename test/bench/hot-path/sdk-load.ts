import { Client } from '#libs/sdk/millrace.ts';
import { createClosedLoop, type Load } from './closed-loop.ts';

/** What each run is started with: 100 bytes of JSON. */
const INPUT = 'x'.repeat(98);

/** Runs by the client of the SDK. */
export function sdkLoad(address: string): Load {
  const client = new Client({ address });
  return createClosedLoop(async (runId) => {
    await client.execute('bench-sdk', INPUT, { runId });
  });
}
