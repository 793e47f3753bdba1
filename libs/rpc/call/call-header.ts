import type { CallContext } from '../call-context.ts';

/** What the doors know of a call besides what handlers see. */
interface WithHeaders {
  readonly incoming: { readonly peerAddress: string; header(name: string): string | undefined };
}

/** A header that a call came with, by its lower-case name; absent for calls that came through no door. */
export function maybeHeader(context: CallContext, name: string): string | undefined {
  return hasHeaders(context) ? context.incoming.header(name) : undefined;
}

/** The address that a call came from, without a port; absent for calls that came through no door. */
export function maybePeerAddress(context: object): string | undefined {
  return hasHeaders(context) ? context.incoming.peerAddress : undefined;
}

function hasHeaders<C extends object>(context: C): context is C & WithHeaders {
  return 'incoming' in context;
}
