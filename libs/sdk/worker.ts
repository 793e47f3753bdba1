import type { DomainError } from '#libs/errors/domain-error.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import type { Divergence } from '#libs/work-loop/run/divergence.ts';
import { createWorker, type Worker as LoopWorker } from '#libs/work-loop/worker.ts';
import type { WorkerLimits } from '#libs/work-loop/worker-options.ts';
import type { AnyWorkflow } from './author/workflow.ts';
import { workerFunctionOf } from './run/worker-function.ts';
import { type LogLine, writeLine } from './run/workflow-log.ts';
import { SDK_NAME } from './sdk-name.ts';
import { type ConnectionOptions, openConnection } from './values/connection.ts';
import { createLargePayloads } from './values/large-payloads.ts';

/** What a worker is made of. */
export interface WorkerOptions extends ConnectionOptions {
  /** What it runs, each name and version once. */
  readonly workflows: readonly AnyWorkflow[];
  /** How many runs it works on at a time. 1 to 10 000, default 100. */
  readonly slots?: number;
  /** Unique in its tenant. Default: a random one. */
  readonly workerId?: string;
  /** Default: `default`. */
  readonly queues?: readonly string[];
  /** What it can do: it is given work whose tags it all has. Default: none. */
  readonly tags?: readonly string[];
  /** Names the code: another one lifts a divergence. Default: the text of each workflow. */
  readonly build?: string;
  /** Bounds of it. Default: those of WorkerLimits. */
  readonly limits?: Partial<WorkerLimits>;
  /** Writes the lines of workflows. Default: to standard error. */
  readonly onLog?: (line: LogLine) => void;
  /** Hears of what goes wrong and is tried again. Default: nobody does. */
  readonly onTrouble?: (error: DomainError) => void;
  /** Hears of a run whose code and log disagree; it waits for another build. Default: nobody does. */
  readonly onDiverged?: (divergence: Divergence) => void;
}

/** A process that runs workflows. */
export class Worker implements AsyncDisposable {
  readonly #options: WorkerOptions;
  #channel: RpcChannel | undefined;
  #loop: LoopWorker | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Runs that it works on. */
  get taken(): number {
    return this.#loop?.taken ?? 0;
  }

  /**
   * Connects, and answers once the server has welcomed it. Later on it reconnects by itself. Called once.
   *
   * @throws INVALID_FIELDS for options that are out of range; what the server refuses it with.
   */
  async start(): Promise<void> {
    if (this.#channel !== undefined) throw new RangeError('a worker is started once');
    const { workflows, tenantId = '', build, onLog = writeLine, onTrouble, onDiverged, ...rest } = this.#options;
    const channel = openConnection(this.#options);
    const large = createLargePayloads(channel, tenantId);
    this.#channel = channel;
    try {
      this.#loop = createWorker({
        channel,
        tenantId,
        sdk: SDK_NAME,
        functions: workflows.map((workflow) => workerFunctionOf(workflow, { large, writeLog: onLog, build })),
        loadPayload: (payload, run) => large.load(payload, run),
        ...pickLoopOptions(rest),
        ...(onTrouble === undefined ? undefined : { onTrouble }),
        ...(onDiverged === undefined ? undefined : { onDiverged }),
      });
      await this.#loop.ready;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  /**
   * Takes no new work; what is held ends, or goes back as soon as the step under way is recorded, or when the grace is
   * over. Then the connection is closed. Default 25 s. Safe to call again.
   */
  async stop(graceMs?: number): Promise<void> {
    await this.#loop?.drain(graceMs);
    await this.#close();
  }

  /** Stops it, and gives what is held back at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(0);
  }

  async #close(): Promise<void> {
    this.#loop?.close();
    await this.#channel?.[Symbol.asyncDispose]();
  }
}

function pickLoopOptions({ slots, workerId, queues, tags, limits }: Omit<WorkerOptions, 'workflows'>) {
  return {
    ...(slots === undefined ? undefined : { slots }),
    ...(workerId === undefined ? undefined : { workerId }),
    ...(queues === undefined ? undefined : { queues }),
    ...(tags === undefined ? undefined : { tags }),
    ...(limits === undefined ? undefined : { limits }),
  };
}
