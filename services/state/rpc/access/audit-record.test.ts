import { expect, test } from 'vitest';
import type { AuditRow } from '#libs/store/tables/audit.ts';
import { chainedRow, hashInRow, maybeEntry, maybeProblem } from './audit-record.ts';

const CONTENT = {
  tokenId: 'tok_1',
  tokenName: 'ci',
  role: 5,
  action: 'millrace.state.v1.TokenService/CreateToken',
  targetKind: 'token',
  targetId: 'tok_2',
  details: { b: '1', a: '2', '1': '3' },
  peer: '127.0.0.1',
  requestId: 'r',
} as const;
const NONE = new Uint8Array();

function chain(length: number): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let number = 1; number <= length; number += 1) {
    const last = rows.at(-1);
    rows.push(chainedRow('acme', number, 1_000 + number, last === undefined ? NONE : hashInRow(last), CONTENT));
  }
  return rows;
}

test('an entry is read as it was written, with its hash and that of the one before', () => {
  const [first, second] = chain(2) as [AuditRow, AuditRow];
  expect(maybeEntry(first)).toMatchObject({ ...CONTENT, number: 1n, previousHash: NONE });
  expect(maybeEntry(second)).toMatchObject({ previousHash: hashInRow(first), hash: hashInRow(second) });
  expect(maybeProblem(first, NONE)).toBeUndefined();
  expect(maybeProblem(second, hashInRow(first))).toBeUndefined();
});

test('every byte of a row counts', () => {
  const [row] = chain(1) as [AuditRow];
  for (let index = 0; index < row.body.length; index += 1) {
    const body = Buffer.from(row.body);
    body[index] = (body[index] ?? 0) ^ 1;
    expect(maybeProblem({ ...row, body }, NONE)).toBe('its hash is not that of its content');
  }
});

test('a row of another tenant, number or time is not taken for this one', () => {
  const [row] = chain(1) as [AuditRow];
  for (const moved of [{ tenantId: 'globex' }, { number: 2 }, { time: 5 }]) {
    expect(maybeProblem({ ...row, ...moved }, NONE)).toBe('its hash is not that of its content');
  }
});

test('a row that was made anew behind another one does not fit', () => {
  const [, second] = chain(2) as [AuditRow, AuditRow];
  const forged = chainedRow('acme', 2, second.time, NONE, CONTENT);
  expect(maybeProblem(forged, hashInRow(second))).toBe('it does not carry the hash of the entry before it');
});
