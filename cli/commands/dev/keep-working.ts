import type { WorkerProcess } from './worker-process.ts';

/** What keeps a worker at work. */
export interface WorkOptions {
  /** Starts a worker of the code as it is now. */
  readonly start: () => WorkerProcess;
  /** The next change of the code. Absent: nobody watches it. */
  readonly nextChange: (() => Promise<string>) | undefined;
  /** Aborts when it has worked enough. */
  readonly signal: AbortSignal;
  /** Says something to the person at the terminal. */
  readonly note: (line: string) => void;
}

type Happening =
  | { readonly kind: 'asked' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'changed'; readonly file: string }
  | { readonly kind: 'ended'; readonly code: number };

/**
 * Has one worker at work, and after a change of the code another one. Answers the exit code once all have ended.
 *
 * A worker is starting → at work → leaving. With a change, another one starts; the one at work leaves when that is at
 * work, so that there always is one, and stays when it fails. One that is still starting leaves at once. A worker that ends
 * by itself is the end of all where nobody watches the code; otherwise the next change starts another one.
 */
export async function keepWorking({ start, nextChange, signal, note }: WorkOptions): Promise<number> {
  const workers = new Set<WorkerProcess>();
  const asked = new Promise<Happening>((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'asked' }));
    if (signal.aborted) resolve({ kind: 'asked' });
  });
  let atWork: WorkerProcess | undefined;
  let exitCode = 0;
  let change = nextChange?.();

  function launch(): WorkerProcess {
    const worker = start();
    workers.add(worker);
    void worker.ended.then(() => workers.delete(worker));
    return worker;
  }

  /** Whatever comes first of what matters while a worker starts, or is at work. */
  function next(starting: WorkerProcess | undefined): Promise<Happening> {
    const happenings: Promise<Happening>[] = [asked];
    const watched = starting ?? atWork;
    if (watched !== undefined) happenings.push(watched.ended.then((code) => ({ kind: 'ended', code })));
    if (starting !== undefined) {
      // One that ended says so itself.
      happenings.push(
        starting.ready.then((isReady) => (isReady ? { kind: 'ready' } : new Promise<never>(() => undefined))),
      );
    }
    if (change !== undefined) happenings.push(change.then((file) => ({ kind: 'changed', file })));
    return Promise.race(happenings);
  }

  let starting: WorkerProcess | undefined = launch();
  for (let happening = await next(starting); happening.kind !== 'asked'; happening = await next(starting)) {
    if (happening.kind === 'ready') {
      atWork?.stop();
      atWork = starting;
      starting = undefined;
    } else if (happening.kind === 'changed') {
      note(`${happening.file} has changed`);
      change = nextChange?.();
      starting?.stop();
      starting = launch();
    } else {
      exitCode = happening.code;
      if (change === undefined) break;
      if (starting === undefined) atWork = undefined;
      starting = undefined;
      note(atWork === undefined ? 'nothing works until the code changes' : 'the code of before works on');
    }
  }
  for (const worker of workers) worker.stop();
  await Promise.all(Array.from(workers, ({ ended }) => ended));
  return signal.aborted ? 0 : exitCode;
}
