import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestFolder, startProgram } from '#test/service-process.ts';
import { createMillrace, type Millrace } from './millrace-process.ts';

/** A state service in a process of its own, with the workflow `order` in it. Disposing ends it and removes its data. */
export interface ServedState extends AsyncDisposable {
  readonly millrace: Millrace;
  readonly address: string;
  /** A folder for files of the test. */
  readonly folder: string;
  /** Ends the process and starts another one on the same data and address. */
  restart(): Promise<void>;
}

/** Starts it on SQLite and a free port. */
export async function serveState(): Promise<ServedState> {
  const stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(createTestFolder());
  let service = await startProgram('state', { folder });
  stack.defer(() => service[Symbol.asyncDispose]());
  const address = service.grpc['state'] ?? '';
  const millrace = createMillrace(address);
  const file = join(folder, 'order.json');
  await writeFile(file, '{"workflow": "order", "version": "1", "function": {}}');
  const put = await millrace.run(['definition', 'put', file, '--activate']);
  if (put.code !== 0) {
    throw new TypeError(`the definition was not stored: ${JSON.stringify(put)}`);
  }
  return {
    millrace,
    address,
    folder,
    async restart() {
      service.signal('SIGTERM');
      await service.ended;
      service = await startProgram('state', { folder, env: { MILLRACE_STATE_GRPC_LISTEN: address } });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
