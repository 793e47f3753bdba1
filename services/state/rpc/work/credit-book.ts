import type { PeerWork } from './peer-work.ts';
import { shareOfSlots } from './slot-shares.ts';

/** Where credits go: to this node or to a peer. */
export type Creditor = 'here' | PeerWork;

/** What the credit book asks of the world. */
export interface CreditPorts {
  /** Lets this node give the worker so many items more. */
  readonly addHere: (count: number) => void;
  /** Takes the credits away that this node has not used. Answers how many. */
  readonly takeHere: () => number;
}

/**
 * Shares the slots of a worker among the nodes: each has an allotment of items that it may have given to the worker at a
 * time. A credit that comes back goes to the node that has the least of what is its due.
 */
export interface CreditBook {
  /** Begins with every slot here, but those that items have that the worker brought along. */
  readonly peers: ReadonlySet<PeerWork>;
  /** How many slots a further peer may begin with; they are taken from here. */
  takeForPeer(): number;
  addPeer(peer: PeerWork): void;
  /** A peer is gone: what it had not used comes back. Items that it had still fill their slots. */
  removePeer(peer: PeerWork, heldItems: number): void;
  /** An item ended that a node had, or nobody; its slot is free once the worker says so. */
  ended(creditor: Creditor | undefined): void;
  /** An item left a node and is with nobody. */
  left(creditor: Creditor): void;
  /** An item that was with nobody came to this node. */
  came(): void;
  /** The worker has so many free slots more. */
  returned(count: number): void;
}

/** Makes the book of a worker with so many slots, of which so many are filled by items that it has. */
export function createCreditBook(slots: number, { addHere, takeHere }: CreditPorts): CreditBook {
  const peers = new Set<PeerWork>();
  /** Who the slots belong to that come free next, the oldest first. */
  const owed: (Creditor | undefined)[] = [];
  let here = slots;
  /** Slots that peers were given and that the worker does not have: they are taken back once every node has its due. */
  let lent = 0;

  function dueOf(): number {
    return Math.max(slots > 0 ? 1 : 0, shareOfSlots(slots, peers.size + 1, 0));
  }

  function allotmentOf(creditor: Creditor): number {
    return creditor === 'here' ? here : creditor.allotment;
  }

  function give(creditor: Creditor): void {
    if (creditor === 'here') {
      here += 1;
      addHere(1);
      return;
    }
    creditor.allotment += 1;
    const message = creditor.open();
    if (message.credits === undefined) message.credits = { $typeName: 'millrace.state.v1.Credits', add: 1 };
    else message.credits.add += 1;
  }

  /** The node that has the least of its due; the one that it comes from, when all have theirs. */
  function neediest(from: Creditor): Creditor {
    let best = from;
    let least = allotmentOf(from) - dueOf();
    for (const creditor of ['here' as const, ...peers]) {
      const surplus = allotmentOf(creditor) - dueOf();
      if (surplus >= least) continue;
      best = creditor;
      least = surplus;
    }
    return best;
  }

  return {
    peers,
    takeForPeer: () => {
      const due = Math.max(slots > 0 ? 1 : 0, shareOfSlots(slots, peers.size + 2, 0));
      const free = takeHere();
      const spare = Math.min(free, Math.max(0, here - due), due);
      here -= spare;
      if (free > spare) addHere(free - spare);
      if (spare > 0 || slots === 0) return spare;
      // A node without any slot could give the worker nothing, however long its items wait.
      lent += 1;
      return 1;
    },
    addPeer: (peer) => {
      peers.add(peer);
    },
    removePeer: (peer, heldItems) => {
      if (!peers.delete(peer)) return;
      let filled = heldItems;
      for (const [index, creditor] of owed.entries()) {
        if (creditor !== peer) continue;
        owed[index] = undefined;
        filled += 1;
      }
      const unused = Math.max(0, peer.allotment - filled);
      const kept = Math.min(lent, unused);
      peer.allotment = 0;
      lent -= kept;
      for (let count = kept; count < unused; count += 1) give(neediest('here'));
    },
    ended: (creditor) => {
      owed.push(creditor === 'here' || (creditor !== undefined && peers.has(creditor)) ? creditor : undefined);
    },
    left: (creditor) => {
      if (creditor === 'here') here -= 1;
      else creditor.allotment -= 1;
    },
    came: () => {
      here += 1;
    },
    returned: (count) => {
      for (let left = count; left > 0; left -= 1) {
        const from = owed.shift();
        if (from === 'here') here -= 1;
        else if (from !== undefined) from.allotment -= 1;
        const to = neediest(from ?? 'here');
        if (lent > 0 && allotmentOf(to) >= dueOf()) lent -= 1;
        else give(to);
      }
    },
  };
}
