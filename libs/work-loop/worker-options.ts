import { randomUUID } from 'node:crypto';
import type { Definition } from '#gen/millrace/workflow/v1/definition_pb.ts';
import { DomainError, type FieldViolation } from '#libs/errors/domain-error.ts';
import type { Clock } from '#libs/partition/timers/clock.ts';
import { createSystemClock } from '#libs/partition/timers/system-clock.ts';
import type { RpcChannel } from '#libs/rpc/client/channel.ts';
import type { AssignmentLink } from './link/assignment-link.ts';
import type { Divergence } from './run/divergence.ts';
import type { RunFunction } from './run/function-run.ts';
import type { PayloadLoader } from './run/payload-loader.ts';

/** A workflow that a worker can run. */
export interface WorkerFunction {
  readonly workflow: string;
  readonly version: string;
  readonly code: RunFunction;
  /** Names the code: another one lifts a divergence. Default: empty. */
  readonly build?: string;
  /** The content, to be stored when the server does not know it. Default: it knows it. */
  readonly definition?: Definition;
  /** Default: what the server computes. */
  readonly definitionHash?: string;
}

/** What a worker is made of. */
export interface WorkerOptions {
  /** Where the state service is. It stays open when the worker is closed. */
  readonly channel: RpcChannel;
  readonly functions: readonly WorkerFunction[];
  /** Default: the token's. */
  readonly tenantId?: string;
  /** Unique in its tenant. Default: a random one. */
  readonly workerId?: string;
  /** Default: `default`. */
  readonly queues?: readonly string[];
  readonly tags?: readonly string[];
  /** How many items it runs at a time. 1 to 10 000, so that a hello can name all of them. Default 100. */
  readonly slots?: number;
  /** The language and release of the SDK. */
  readonly sdk?: string;
  /** Takes assignments that are not of functions. Default: they are given back. */
  readonly onTask?: (link: AssignmentLink) => void;
  /** Gets payloads that the log of a run names. Default: functions are given the references. */
  readonly loadPayload?: PayloadLoader;
  /** Hears of what goes wrong and is tried again. Default: nobody does. */
  readonly onTrouble?: (error: DomainError) => void;
  /** Hears of a run whose code and log disagree; it waits for another build. Default: nobody does. */
  readonly onDiverged?: (divergence: Divergence) => void;
  /** An operator drains the worker, or takes that back. It does so by itself. Default: nobody hears of it. */
  readonly onDrain?: (isDraining: boolean) => void;
  readonly limits?: Partial<WorkerLimits>;
  /** Time as waits and retries see it; connections go by the time of the machine. Default: that too. */
  readonly clock?: Clock;
  /** From 0 up to 1. Default Math.random. */
  readonly random?: () => number;
}

/** Bounds of a worker. */
export interface WorkerLimits {
  /** A run that waits for longer gives its slot back; 0: at once. Default 5 000. */
  readonly yieldMs: number;
  /** Runs that wait without a slot and go on without a replay. Default 1 000. */
  readonly maxParked: number;
  /** Bytes of records that are not acknowledged before no step is begun. Default 64 MiB. */
  readonly maxUnacknowledgedBytes: number;
  /** Records of one run that are not acknowledged. Default 20 000. */
  readonly maxUnacknowledged: number;
  /** What one function may await at once. Default 10 000. */
  readonly maxOpenCalls: number;
  /** How long a function that is replayed may do something else before it has diverged. Default 1 000. */
  readonly divergenceMs: number;
  /** The first pause before a stream is opened again. Default 100. */
  readonly reconnectMinMs: number;
  /** The longest pause before a stream is opened again. Default 5 000. */
  readonly reconnectMaxMs: number;
  /** The first pause before refused frames are sent again. Default 250. */
  readonly resendMinMs: number;
  /** The longest pause before refused frames are sent again. Default 5 000. */
  readonly resendMaxMs: number;
}

/** The limits where nobody says otherwise. */
export const DEFAULT_WORKER_LIMITS: WorkerLimits = {
  yieldMs: 5_000,
  maxParked: 1_000,
  maxUnacknowledgedBytes: 64 * 1024 * 1024,
  // A call has at most two records on their way: a result that comes while the server gives the attempt up.
  maxUnacknowledged: 20_000,
  maxOpenCalls: 10_000,
  divergenceMs: 1_000,
  reconnectMinMs: 100,
  reconnectMaxMs: 5_000,
  resendMinMs: 250,
  resendMaxMs: 5_000,
};

/** Worker options with nothing left open. */
export interface CompleteWorkerOptions extends Required<Omit<WorkerOptions, 'onTask' | 'loadPayload' | 'limits'>> {
  readonly onTask: WorkerOptions['onTask'];
  readonly loadPayload: PayloadLoader | undefined;
  readonly limits: WorkerLimits;
}

/** Of a hello of 4 MiB: each held item has at most 370 bytes. */
const MAX_SLOTS = 10_000;

/** @throws INVALID_FIELDS, naming every option that is out of range. */
export function completeWorkerOptions(options: WorkerOptions): CompleteWorkerOptions {
  const { slots = 100, functions } = options;
  const limits = { ...DEFAULT_WORKER_LIMITS, ...options.limits };
  const violations: FieldViolation[] = [];
  if (!Number.isInteger(slots) || slots < 1 || slots > MAX_SLOTS) {
    violations.push({ field: 'slots', description: `must be 1 to ${MAX_SLOTS}` });
  }
  for (const [field, value] of Object.entries(limits)) {
    if (!(value > 0 || (value === 0 && field === 'yieldMs')))
      violations.push({ field: `limits.${field}`, description: 'must be above 0' });
  }
  const names = functions.map(({ workflow, version }) => `${workflow}@${version}`);
  if (new Set(names).size < names.length) {
    violations.push({ field: 'functions', description: 'must name each workflow and version once' });
  }
  if (violations.length > 0) {
    const text = violations.map(({ field, description }) => `${field}: ${description}`).join(', ');
    throw new DomainError('INVALID_FIELDS', `worker options: ${text}`, { violations });
  }
  return {
    channel: options.channel,
    functions,
    tenantId: options.tenantId ?? '',
    workerId: options.workerId ?? randomUUID(),
    queues: options.queues ?? [],
    tags: options.tags ?? [],
    slots,
    sdk: options.sdk ?? '',
    onTask: options.onTask,
    loadPayload: options.loadPayload,
    onTrouble: options.onTrouble ?? (() => undefined),
    onDiverged: options.onDiverged ?? (() => undefined),
    onDrain: options.onDrain ?? (() => undefined),
    limits,
    clock: options.clock ?? createSystemClock(),
    random: options.random ?? Math.random,
  };
}
