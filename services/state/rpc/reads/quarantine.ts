import { runIdKey } from '#libs/partition/mailboxes/run-id-key.ts';
import type { PartitionNode } from '#libs/partition/serve/node.ts';
import type { IncarnationKey } from '#libs/store/tables/keys.ts';

/** Whether an incarnation is quarantined in a partition that is served here; of others it is not known. */
export function isQuarantinedHere(node: PartitionNode, key: IncarnationKey): boolean {
  for (const { state } of node.served()) {
    if (state.quarantined.size === 0) continue;
    if (state.quarantined.get(runIdKey(key))?.incarnation === key.incarnation) return true;
  }
  return false;
}
