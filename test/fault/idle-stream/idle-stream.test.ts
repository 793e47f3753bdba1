import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { DEFAULT_RPC_LIMITS } from '#libs/rpc/server-options.ts';
import { describeFull } from '#test/fault/seed.ts';
import { type Door, type IdleTimes, openIdleStream, type StreamKind } from './idle-streams.ts';

const NEVER_MS = 3_600_000;
const streams: readonly { readonly door: Door; readonly kind: StreamKind }[] = [
  { door: 'grpc', kind: 'chat' },
  { door: 'grpc', kind: 'repeat' },
  { door: 'http', kind: 'chat' },
  { door: 'http', kind: 'repeat' },
];

function idleStreamSuite(times: IdleTimes): void {
  test.concurrent.for(streams)('a $kind stream through the $door door stays open by its pings', async (stream) => {
    await using idle = await openIdleStream(stream.door, stream.kind, times);
    await Promise.race([idle.over, sleep(times.idleMs)]);
    expect(idle).toMatchObject({ said: [1], proxy: { cuts: 0 } });
    expect(idle.pings).toBeGreaterThan(times.idleMs / times.cutMs);
    idle.speak();
    await idle.over;
    expect(idle).toMatchObject({ said: [1, 2], proxy: { cuts: 0 } });
  });

  test.concurrent.for(streams)('a $kind stream through the $door door is cut without pings', async (stream) => {
    await using idle = await openIdleStream(stream.door, stream.kind, { ...times, pingMs: NEVER_MS });
    const failure = await Promise.race([
      idle.over.catch((error: unknown) => ConnectError.from(error)),
      sleep(times.idleMs),
    ]);
    expect(failure).toBeInstanceOf(ConnectError);
    expect(idle).toMatchObject({ said: [1], pings: 0, proxy: { cuts: 1 } });
  });
}

describe('idle for 3 s behind a proxy that cuts what is idle for 600 ms', () => {
  idleStreamSuite({ cutMs: 600, pingMs: 150, idleMs: 3_000 });
});

describeFull('idle for 6 minutes behind a proxy that cuts what is idle for 60 s', () => {
  idleStreamSuite({ cutMs: 60_000, pingMs: DEFAULT_RPC_LIMITS.streamPingMs, idleMs: 360_000 });
});
