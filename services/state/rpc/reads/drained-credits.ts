import type { Dispatch, DispatchSession } from '#libs/partition/dispatch/dispatch.ts';

/** The credits that were taken from sessions that drain, to be given back when a drain is taken back. */
const taken = new WeakMap<DispatchSession, number>();

/** How many credits a session will have again. 0: it does not drain. */
export function drainedCreditsOf(session: DispatchSession): number {
  return taken.get(session) ?? 0;
}

/** Lets a session take nothing new. Safe to repeat. */
export function drainSession(dispatch: Dispatch, session: DispatchSession): void {
  session.isDraining = true;
  taken.set(session, drainedCreditsOf(session) + dispatch.takeCredits(session));
}

/** Lets a session take work again. Safe to repeat. */
export function undrainSession(dispatch: Dispatch, session: DispatchSession): void {
  session.isDraining = false;
  const credits = drainedCreditsOf(session);
  taken.delete(session);
  dispatch.addCredits(session, credits);
}
