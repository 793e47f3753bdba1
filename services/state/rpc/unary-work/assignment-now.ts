import type { Assignment } from '#gen/millrace/state/v1/work_down_pb.ts';
import { ask } from '#libs/partition/serve/ask.ts';
import { maybeAssignmentOf, readAssignment } from '#libs/partition/serve/assignment.ts';
import type { StateContext } from '../context.ts';
import type { KeptItem } from './kept-polls.ts';
import { isHeld } from './leased-run.ts';
import { unaryAssignment } from './unary-assignment.ts';
import { untilDurable } from './until-durable.ts';

/** An assignment that was answered before, as its run is now. Undefined: the lease is over. */
export async function maybeAssignmentNow(context: StateContext, item: KeptItem): Promise<Assignment | undefined> {
  const { key, proof } = item;
  const partition = context.node.partitionOf(key);
  const found = await ask(partition, key, {
    intent: 'read',
    act: ({ hot, now }) => {
      if (hot?.identity.incarnation !== proof.incarnation || !isHeld(hot.run, proof, now)) return undefined;
      return { hot, facts: maybeAssignmentOf(hot, proof.nodePath) };
    },
  });
  if (found === undefined) return undefined;
  if (found.facts !== undefined) return unaryAssignment(item, found.facts);
  const facts = await readAssignment(context.store.tables, found.hot, proof.nodePath);
  // What was read is the run as it is in memory, which may have gone on since.
  await untilDurable(partition);
  return unaryAssignment(item, facts);
}
