import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { WorkRequestSchema } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import { createCreditBook } from './credit-book.ts';
import type { PeerWork } from './peer-work.ts';

/** A peer as the book sees it: what it may give, and the message to it that fills. */
function peerWith(slots: number) {
  const message = create(WorkRequestSchema, {});
  const peer: PeerWork = {
    nodeId: 'far',
    allotment: slots,
    open: () => message,
    take: () => undefined,
    item: () => undefined,
    bind: () => undefined,
    unbind: () => undefined,
    items: () => new Map<number, never>().values(),
    close: () => undefined,
  };
  return { peer, credits: () => message.credits?.add ?? 0 };
}

/** A book whose node has so many credits that it has not used. */
function bookOf(slots: number, free = slots) {
  const here = { free };
  const book = createCreditBook(slots, {
    addHere: (count) => {
      here.free += count;
    },
    takeHere: () => {
      const taken = here.free;
      here.free = 0;
      return taken;
    },
  });
  return { book, here };
}

test('a peer begins with its share of what is free here', () => {
  const { book, here } = bookOf(10);
  expect(book.takeForPeer()).toBe(5);
  expect(here.free).toBe(5);
});

test('a further peer takes no more than what is left above the share of this node', () => {
  const { book, here } = bookOf(9);
  book.addPeer(peerWith(book.takeForPeer()).peer);
  expect(here.free).toBe(5);
  expect(book.takeForPeer()).toBe(2);
  expect(here.free).toBe(3);
});

test('a slot that comes free goes to the node that has the least of its due', () => {
  const { book, here } = bookOf(10, 0);
  const { peer, credits } = peerWith(book.takeForPeer());
  book.addPeer(peer);
  for (let count = 0; count < 4; count += 1) {
    book.ended('here');
    book.returned(1);
  }
  expect([peer.allotment, credits(), here.free]).toEqual([5, 4, 0]);
});

test('a slot that comes free goes back to where it was once all have their due', () => {
  const { book, here } = bookOf(4);
  const { peer, credits } = peerWith(book.takeForPeer());
  book.addPeer(peer);
  book.ended(peer);
  book.returned(1);
  expect([peer.allotment, credits(), here.free]).toEqual([2, 1, 2]);
});

test('a peer gets a slot where none is free, and it is taken back when all have their due', () => {
  const { book, here } = bookOf(2, 0);
  const { peer } = peerWith(book.takeForPeer());
  expect(peer.allotment).toBe(1);
  book.addPeer(peer);
  book.ended('here');
  book.returned(1);
  expect([peer.allotment, here.free]).toEqual([1, 0]);
  book.ended('here');
  book.returned(1);
  expect([peer.allotment, here.free]).toEqual([1, 1]);
});

test('what a peer had not used comes back here when it is gone, and what fills its slots does not', () => {
  const { book, here } = bookOf(10);
  const { peer } = peerWith(book.takeForPeer());
  book.addPeer(peer);
  book.removePeer(peer, 2);
  expect(here.free).toBe(8);
  book.came();
  book.ended('here');
  book.returned(1);
  book.ended(undefined);
  book.returned(1);
  expect(here.free).toBe(10);
});

test('a slot that is on its way back from a peer that is gone is given once', () => {
  const { book, here } = bookOf(10);
  const { peer } = peerWith(book.takeForPeer());
  book.addPeer(peer);
  book.ended(peer);
  book.removePeer(peer, 0);
  expect(here.free).toBe(9);
  book.returned(1);
  expect(here.free).toBe(10);
});

test('peers that come and go while all slots are filled never make more slots than the worker has', () => {
  const { book, here } = bookOf(3, 0);
  for (let turn = 0; turn < 20; turn += 1) {
    const { peer } = peerWith(book.takeForPeer());
    book.addPeer(peer);
    book.removePeer(peer, 0);
  }
  for (let item = 0; item < 3; item += 1) book.ended('here');
  book.returned(3);
  expect(here.free).toBe(3);
});
