import type { Call } from './call.ts';

/** Frames that are looked through for the caller: those of this library are below it. */
const FRAMES = 24;

/** Remembers where calls are made. */
export interface CallSites {
  /** Called within a call. */
  readonly note: (call: Call) => void;
  /** Where a call was made: `file:line:column`. Empty: not known. */
  readonly placeOf: (call: Call) => string;
}

/** What of this library stands between the code of a workflow and its calls. */
const OWN: readonly string[] = ['../', '../../sdk/run/', '../../sdk/testing/log-replay'].map(
  (path) => new URL(path, import.meta.url).href,
);

/** Makes a memory of calls that keeps none of them alive. A stack is turned into text only when it is asked for. */
export function createCallSites(): CallSites {
  const stacks = new WeakMap<Call, { stack?: string }>();

  function note(call: Call): void {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = FRAMES;
    const holder = {};
    Error.captureStackTrace(holder, note);
    Error.stackTraceLimit = stackTraceLimit;
    stacks.set(call, holder);
  }

  return { note, placeOf: (call) => placeIn(stacks.get(call)?.stack ?? '') };
}

function placeIn(stack: string): string {
  for (const line of stack.split('\n').slice(1)) {
    const place = /(?:\(|at (?:async )?)((?:file:\/\/)?[^()]+:\d+:\d+)\)?$/.exec(line)?.[1];
    if (place === undefined || place.startsWith('node:') || isOwn(place)) continue;
    return place.replace(/^file:\/\//, '');
  }
  return '';
}

function isOwn(place: string): boolean {
  return OWN.some((path) => place.startsWith(path) || `file://${place}`.startsWith(path));
}
