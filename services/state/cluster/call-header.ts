import type { CallContext } from '#libs/rpc/call-context.ts';

/** What the doors know of a call besides what handlers see. */
interface WithHeaders {
  readonly incoming: { header(name: string): string | undefined };
}

/** A header that a call came with, by its lower-case name; absent for calls that came through no door. */
export function maybeHeader(context: CallContext, name: string): string | undefined {
  return hasHeaders(context) ? context.incoming.header(name) : undefined;
}

function hasHeaders(context: CallContext): context is CallContext & WithHeaders {
  return 'incoming' in context;
}
