import { randomUUID } from 'node:crypto';

/** Where the random part of a UUID begins that has its time in front: after the digit of the version. */
const RANDOM_AT = 15;

/** Makes the id of a worker's session: a UUIDv7 of now. Not every Node that is supported makes one by itself. */
export function createSessionId(nowMs: number = Date.now()): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(RANDOM_AT)}`;
}
