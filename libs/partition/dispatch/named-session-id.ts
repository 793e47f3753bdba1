/**
 * The session that a worker named, of the one that a lease or a poll has here: what is before the first `/`. Empty: it
 * named none.
 */
export function namedSessionId(sessionId: string): string {
  const at = sessionId.indexOf('/');
  return at === -1 ? sessionId : sessionId.slice(0, at);
}
