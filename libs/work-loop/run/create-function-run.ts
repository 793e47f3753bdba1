import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Payload } from '#gen/millrace/common/v1/payload_pb.ts';
import type { Event } from '#gen/millrace/state/v1/event_pb.ts';
import {
  AttributeChangeSchema,
  type ChildPark,
  ChildParkSchema,
  type ChildStart,
  ChildStartSchema,
  type Park,
  SignalParkSchema,
} from '#gen/millrace/state/v1/work_up_pb.ts';
import { ChildMode } from '#gen/millrace/workflow/v1/child_mode_pb.ts';
import { assertValid } from '#libs/rpc/validation/validate.ts';
import { assertName, assertScope, assertSpan } from '../values/names.ts';
import { loggedPayload, NULL_PAYLOAD } from '../values/payload.ts';
import type { Call, CallHost, CallName } from './call.ts';
import { ChildCall, type ChildGiven } from './child-call.ts';
import { maybeRecord } from './describe-event.ts';
import type { ChildOptions, FunctionRun, StepOptions } from './function-run.ts';
import type { OpenCalls } from './open-calls.ts';
import { PatchCall, RecordCall } from './record-call.ts';
import { StepCall } from './step-call.ts';
import { ChildWaitCall, SignalCall, TimerCall } from './wait-call.ts';

/** The execution that a function's calls go to. */
export interface FunctionHost extends CallHost {
  readonly calls: OpenCalls;
  readonly signal: AbortSignal;
  readonly isReplaying: boolean;
  /** The events of the log that the function has not come to. */
  ahead(): Iterable<Event>;
  open(call: Call): void;
  /** What is awaited in these scopes is told once that they are cancelled; where nothing is, the next call is. */
  cancelScopes(scopes: ReadonlySet<string>): void;
}

const NO_OPTIONS: StepOptions = Object.freeze({});
const DAY_MS = 86_400_000;
const YEAR_MS: number = 365.25 * DAY_MS;
const MAX_WAIT_MS: number = 10 * YEAR_MS;

/** What a function is run with. Names are given in one scope; the function itself has the empty one. */
export function createFunctionRun(host: FunctionHost, input: Payload | undefined, scope = ''): FunctionRun {
  const { calls } = host;
  const onScheduled = (sequence: number, call: ChildCall): void => calls.children.schedule(sequence, call);

  /** Makes a call under the next name of its kind, and what the function awaits of it. */
  function ask<T>(
    name: string,
    make: (id: CallName, resolve: (value: T) => void, reject: (error: unknown) => void) => Call,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      assertName(name, 'name');
      host.open(make(calls.nextName(scope, name), resolve, reject));
    });
  }

  function timer(name: string, due: TimerDue, delayMs: number): Promise<void> {
    const wait: Park['wait'] = { case: 'timer', value: { $typeName: 'millrace.state.v1.TimerPark', due } };
    return ask<void>(name, (id, resolve, reject) => new TimerCall(host, id, wait, delayMs, resolve, reject));
  }

  function child<T>(
    workflow: string,
    childInput: Payload | undefined,
    options: ChildOptions,
    mode: ChildMode,
    givenOf: (resolve: (value: T) => void) => ChildGiven,
  ): Promise<T> {
    return ask<T>(options.name ?? workflow, (id, resolve, reject) => {
      const start = childStart(id, workflow, loggedPayload(childInput), options, mode);
      assertValid(ChildStartSchema, start);
      return new ChildCall(host, id, start, givenOf(resolve), onScheduled, reject);
    });
  }

  return {
    input,
    get facts() {
      return host.facts;
    },
    get signal() {
      return host.signal;
    },
    get isReplaying() {
      return host.isReplaying;
    },
    step: (name, code, options = NO_OPTIONS) =>
      ask(name, (id, resolve, reject) => {
        if (options !== NO_OPTIONS) assertStepOptions(options);
        return new StepCall(host, id, code, options, resolve, reject);
      }),
    stepAs: (name, code, options = NO_OPTIONS, read) =>
      ask(name, (id, resolve, reject) => {
        if (options !== NO_OPTIONS) assertStepOptions(options);
        // Here and not by another promise: a hop more for each step is a good part of what a step costs.
        const give = (result: Payload | undefined): void => {
          try {
            resolve(read(result));
          } catch (error) {
            reject(error);
          }
        };
        return new StepCall(host, id, code, options, give, reject);
      }),
    value: (name, read) =>
      ask(
        name,
        (id, resolve, reject) =>
          new RecordCall(
            host,
            id,
            'value',
            () => ({ case: 'value', value: loggedPayload(read()) ?? NULL_PAYLOAD }),
            resolve,
            reject,
          ),
      ),
    set: (key, value) =>
      ask<void>(key, (id, resolve, reject) => {
        const entry = { $typeName: 'millrace.state.v1.StateEntry', key, value: loggedPayload(value) } as const;
        return new RecordCall(
          host,
          id,
          'set',
          () => ({ case: 'set', value: entry }),
          () => resolve(),
          reject,
        );
      }),
    setAttributes: (values, remove = []) =>
      ask<void>('attributes', (id, resolve, reject) => {
        const change = {
          $typeName: 'millrace.state.v1.AttributeChange' as const,
          attributes: { ...values },
          remove: [...remove],
        };
        assertValid(AttributeChangeSchema, change);
        return new RecordCall(
          host,
          id,
          'attributes',
          () => ({ case: 'attributes', value: change }),
          () => resolve(),
          reject,
        );
      }),
    sleep: async (ms, name = 'sleep') => {
      assertSpan(ms, 'ms', 0, MAX_WAIT_MS);
      const delayMs = Math.ceil(ms);
      await timer(name, { case: 'delay', value: durationFromMs(delayMs) }, delayMs);
    },
    sleepUntil: async (timeMs, name = 'sleep') => {
      const now = host.clock.now();
      assertSpan(timeMs, 'timeMs', 0, now + MAX_WAIT_MS);
      await timer(name, { case: 'dueTime', value: timestampFromMs(Math.ceil(timeMs)) }, timeMs - now);
    },
    waitSignal: (signal, options = {}) =>
      ask(options.name ?? signal, (id, resolve, reject) => {
        assertName(signal, 'signal');
        const { timeoutMs } = options;
        if (timeoutMs !== undefined) assertSpan(timeoutMs, 'timeoutMs', 0, MAX_WAIT_MS);
        const timeout = timeoutMs === undefined ? undefined : durationFromMs(Math.ceil(timeoutMs));
        const park = { $typeName: 'millrace.state.v1.SignalPark', name: signal, timeout } as const;
        assertValid(SignalParkSchema, park);
        return new SignalCall(host, id, signal, { case: 'signal', value: park }, resolve, reject);
      }),
    child: (workflow, childInput, options = {}) => {
      const mode = options.isCancelledWithParent === true ? ChildMode.CANCEL_WITH_PARENT : ChildMode.WAIT;
      return child<Payload | undefined>(workflow, childInput, options, mode, (resolve) => ({ of: 'end', resolve }));
    },
    startChild: (workflow, childInput, options = {}) =>
      child(workflow, childInput, options, ChildMode.DETACH, (resolve) => ({ of: 'start', resolve })),
    waitChild: (runId, name = 'child') =>
      ask(name, (id, resolve, reject) => {
        const park: ChildPark = { $typeName: 'millrace.state.v1.ChildPark', runId };
        assertValid(ChildParkSchema, park);
        return new ChildWaitCall(host, id, runId, () => calls.maybeChildEnd(runId), resolve, reject);
      }),
    patched: (id) => {
      const known = calls.patches.get(id);
      if (known !== undefined) return known;
      const name = PATCH_PREFIX + id;
      assertName(name, 'id');
      const isPatched = mayPatch(host, name);
      calls.patches.set(id, isPatched);
      if (isPatched) host.open(new PatchCall(host, { scope: '', name, occurrence: 0 }));
      return isPatched;
    },
    fork: (kind) => {
      assertName(kind, 'kind');
      const branching = calls.nextBranching(scope, kind);
      return {
        branch: (number) => {
          const branchScope = `${branching}.${number}`;
          assertScope(branchScope);
          const run = createFunctionRun(host, input, branchScope);
          return { run, scope: branchScope, end: () => calls.endScope(branchScope) };
        },
        cancel: (branches) => host.cancelScopes(new Set(Array.from(branches, (branch) => branch.scope))),
      };
    },
  };
}

/** Marks in the log that a patch is there. */
const PATCH_PREFIX = 'patched:';

/** Whether the log has the mark of a patch ahead, or nothing that a function did. */
function mayPatch(host: FunctionHost, name: string): boolean {
  if (!host.isReplaying) return true;
  let isEnd = true;
  for (const { kind } of host.ahead()) {
    const record = maybeRecord(kind);
    if (record === undefined) continue;
    if (record.step.name === name && record.step.scope === '') return true;
    isEnd = false;
  }
  return isEnd;
}

type TimerDue = Extract<Park['wait'], { case: 'timer' }>['value']['due'];

function assertStepOptions({ timeoutMs, heartbeatTimeoutMs, totalTimeoutMs }: StepOptions): void {
  if (totalTimeoutMs !== undefined) assertSpan(totalTimeoutMs, 'totalTimeoutMs', 1, MAX_WAIT_MS);
  if (timeoutMs !== undefined) assertSpan(timeoutMs, 'timeoutMs', 1, 30 * DAY_MS);
  if (heartbeatTimeoutMs !== undefined) assertSpan(heartbeatTimeoutMs, 'heartbeatTimeoutMs', 100, DAY_MS);
}

function childStart(
  { scope, name, occurrence }: CallName,
  workflow: string,
  input: Payload | undefined,
  options: ChildOptions,
  mode: ChildMode,
): ChildStart {
  const { runTimeoutMs } = options;
  return {
    $typeName: 'millrace.state.v1.ChildStart',
    handle: 0,
    // The rules want one; the link gives the real one.
    ordinal: 1,
    name,
    scope,
    occurrence,
    workflow,
    version: options.version ?? '',
    runId: options.runId ?? '',
    input,
    mode,
    priority: options.priority,
    tags: [...(options.tags ?? [])],
    attributes: { ...options.attributes },
    runTimeout: runTimeoutMs === undefined ? undefined : durationFromMs(Math.ceil(runTimeoutMs)),
    queue: options.queue ?? '',
  };
}
