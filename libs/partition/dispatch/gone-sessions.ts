import type { DispatchSession } from './dispatch-session.ts';

/** How long a session that is gone and holds nothing is remembered. */
const FORGET_AFTER_MS = 60_000;
/** Sessions that are looked at in one go: more than come in one, so that what is gone gets less. */
const LOOKS = 8;

/** The sessions that are not connected and hold nothing, the one that is so for the longest time first. */
export interface GoneSessions {
  /** A session is connected, or holds something. */
  remove(session: DispatchSession): void;
  /** A session may be gone from now on. */
  note(session: DispatchSession, nowMs: number): void;
  /** Forgets a few of those that nobody heard of for a minute. */
  forgetOld(nowMs: number): void;
}

/** Makes the row of the sessions that are gone, without any. */
export function createGoneSessions(onForgotten: (session: DispatchSession) => void): GoneSessions {
  const gone = new Set<DispatchSession>();

  function add(session: DispatchSession, nowMs: number): void {
    session.goneMs = nowMs;
    gone.delete(session);
    gone.add(session);
  }

  return {
    remove: (session) => {
      gone.delete(session);
    },
    note: (session, nowMs) => {
      if (session.link === undefined && session.held.size === 0) add(session, nowMs);
    },
    forgetOld: (nowMs) => {
      let looks = 0;
      for (const session of gone) {
        looks += 1;
        if (looks > LOOKS || nowMs - session.goneMs < FORGET_AFTER_MS) return;
        if (nowMs - session.heardMs < FORGET_AFTER_MS) {
          // It was heard while it was gone, as by a call: its time begins again.
          add(session, nowMs);
          continue;
        }
        gone.delete(session);
        onForgotten(session);
      }
    },
  };
}
