import { type ClientState, MAX_SETTLED_NODES } from './client-state.ts';
import { dropEntry, dropMember, withEntry, withMember } from './open-map.ts';
import type { OpenNode } from './open-node.ts';
import type { Run } from './run.ts';

/** The nodes that have no item and are no dead letters, in their order in a run. */
export function settledPaths(nodes: ReadonlyMap<string, OpenNode>, dead: ClientState['dead']): ClientState['settled'] {
  const paths = new Set<string>();
  for (const { path, item } of nodes.values()) if (item === undefined && !dead.has(path)) paths.add(path);
  return paths;
}

/** The nodes whose item somebody holds. */
export function heldNodes(nodes: ReadonlyMap<string, OpenNode>): ClientState['held'] {
  const held = new Map<string, OpenNode>();
  for (const node of nodes.values()) if (node.item?.lease !== undefined) held.set(node.path, node);
  return held;
}

/**
 * Remembers a node as the one that was settled last. The one of longest ago is forgotten when there were too many before:
 * most nodes that fail or are given back are offered again in the same commit, and take nobody's room.
 */
export function addSettled(run: Run, client: ClientState, node: OpenNode): void {
  const { path } = node;
  if (client.settled.size > MAX_SETTLED_NODES) forgetOldest(run, client);
  dropMember(client.settled, path);
  client.settled = withMember(client.settled, path);
  dropEntry(run.nodes, path);
  run.nodes = withEntry(run.nodes, path, node);
}

function forgetOldest(run: Run, client: ClientState): void {
  for (const oldest of client.settled) {
    dropMember(client.settled, oldest);
    dropEntry(run.nodes, oldest);
    dropEntry(client.items, oldest);
    return;
  }
}
