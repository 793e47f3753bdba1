import { expect, test } from 'vitest';
import { createSlotBook } from './slot-book.ts';

test('a slot that is free again is one credit', () => {
  const book = createSlotBook(3);
  book.open(3, 0);
  expect(book.due()).toBe(0);
  book.take();
  book.take();
  book.free();
  expect(book.due()).toBe(1);
  expect(book.due()).toBe(0);
  expect(book.taken).toBe(1);
});

test('a new stream is granted what the hello named, less what it holds', () => {
  const book = createSlotBook(3);
  book.open(3, 0);
  book.take();
  book.take();
  book.open(3, 2);
  expect(book.due()).toBe(0);
  book.free();
  expect(book.due()).toBe(1);
});

test('what was ended between hello and welcome is made good', () => {
  const book = createSlotBook(2);
  book.open(2, 0);
  book.take();
  book.take();
  book.free();
  book.open(2, 2);
  expect(book.due()).toBe(1);
});

test('what comes beyond the slots, because streams overlap, is not given back', () => {
  const book = createSlotBook(1);
  book.open(1, 0);
  book.take();
  book.open(1, 0);
  book.take();
  book.free();
  expect(book.due()).toBe(0);
  book.free();
  expect(book.due()).toBe(1);
});

test('a worker that drains gives no credits, and gives them all when it takes work again', () => {
  const book = createSlotBook(2);
  book.open(2, 0);
  book.take();
  book.resize(0);
  book.free();
  expect(book.due()).toBe(0);
  book.open(0, 0);
  book.resize(2);
  expect(book.due()).toBe(2);
});
