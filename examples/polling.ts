// An export at another company's API: it is ordered once, looked at in growing pauses until it is ready, then fetched.
// Run it with a state service at localhost:7400: node examples/polling.ts [address]. Kill it anywhere and run it again.
import { createServer } from 'node:http';
import { Client, Worker, type Workflow, workflow } from 'millrace';

interface Export {
  readonly api: string;
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
}

async function call(url: string, method: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { method, signal });
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}`);
  return response.json();
}

export const fetchExport: Workflow<Export, { rows: number; looks: number }> = workflow(
  'fetch-export',
  async (ctx, { api, firstPauseMs, maxPauseMs }) => {
    const ordered = await ctx.step('order', ({ signal, idempotencyKey }) =>
      call(`${api}/exports?key=${encodeURIComponent(idempotencyKey)}`, 'POST', signal),
    );
    const { id } = ordered as { id: string };
    let pauseMs = firstPauseMs;
    for (let looks = 1; ; looks += 1) {
      // What fails for now is tried again by the step itself; each try has two seconds.
      const state = await ctx.step('look', ({ signal }) => call(`${api}/exports/${id}`, 'GET', signal), {
        timeoutMs: 2_000,
        retry: { maxAttempts: 20, initialIntervalMs: 100, maxIntervalMs: 5_000 },
      });
      const { rows } = state as { rows?: number };
      if (rows !== undefined) return { rows, looks };
      await ctx.sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
    }
  },
);

/** The other company: one export for a key, ready after a while; every third call fails. */
function serveExports(readyMs: number): Promise<string> {
  const began = new Map<string, number>();
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://exports');
    const id = searchParams.get('key') ?? decodeURIComponent(pathname.split('/')[2] ?? '');
    if (!began.has(id)) began.set(id, Date.now());
    const isReady = Date.now() - (began.get(id) ?? 0) >= readyMs;
    console.log(`${request.method} call ${calls}${isReady ? ', ready' : ''}`);
    response.writeHead(calls % 3 === 0 ? 503 : 200, { 'content-type': 'application/json' });
    const state = isReady ? { rows: 1_234 } : {};
    response.end(JSON.stringify(request.method === 'POST' ? { id: encodeURIComponent(id) } : state));
  });
  return new Promise((resolve) => server.listen(7_499, '127.0.0.1', () => resolve('http://127.0.0.1:7499')).unref());
}

if (import.meta.main) {
  const address = process.argv[2] ?? 'localhost:7400';
  const api = await serveExports(1_500);
  await using worker = new Worker({ address, workflows: [fetchExport] });
  await worker.start();
  await using client = new Client({ address });
  const input = { api, firstPauseMs: 100, maxPauseMs: 1_000 };
  const run = await client.start(fetchExport, input, { runId: 'export-1', onConflict: 'USE_EXISTING' });
  console.log('export-1:', await run.result());
}
