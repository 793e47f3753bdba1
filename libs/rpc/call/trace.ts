import type { TraceContext } from '../call-context.ts';
import type { IncomingCall } from './runtime.ts';

/** W3C keeps version ff, and trace and span ids of zeros only, for «none». */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const MAX_TRACESTATE_BYTES = 512;

/** The trace context of a call; a malformed one is as good as none. */
export function maybeTrace(incoming: IncomingCall): TraceContext | undefined {
  const traceparent = incoming.header('traceparent');
  if (traceparent === undefined || !TRACEPARENT.test(traceparent)) {
    return undefined;
  }
  const tracestate = incoming.header('tracestate');
  const isUsable = tracestate !== undefined && tracestate.length <= MAX_TRACESTATE_BYTES;
  return { traceparent, tracestate: isUsable ? tracestate : undefined };
}

/** The trace id inside a `traceparent`. */
export function traceIdOf(trace: TraceContext): string {
  return trace.traceparent.slice(3, 35);
}
