import type { MemberFacts } from './member-facts.ts';

/**
 * The other nodes that can be asked. Left out are those that another process has replaced: one with a later start under
 * the same address, or this one. Their rows stand for a lease yet, but whoever calls there reaches the successor.
 */
export function standingMembers<M extends Pick<MemberFacts, 'address' | 'startTime'>>(
  members: readonly M[],
  ownAddress: string,
): readonly M[] {
  const newest = new Map<string, M>();
  for (const member of members) {
    const other = newest.get(member.address);
    if (other === undefined || other.startTime < member.startTime) newest.set(member.address, member);
  }
  return members.filter((member) => member.address !== ownAddress && newest.get(member.address) === member);
}
