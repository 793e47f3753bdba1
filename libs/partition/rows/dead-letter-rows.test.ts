import { describe, expect, test } from 'vitest';
import { itemPath } from '#libs/engine/model/client-path.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import { LogError } from '#libs/engine/model/log-error.ts';
import type { DeadLetterRow } from '#libs/store/tables/dead-letters.ts';
import { freeTenantOf } from '#libs/store/tables/free-tenant.ts';
import type { RowWrite } from '#libs/store/tables/row-writer.ts';
import type { HotRun } from '../runs/hot-run.ts';
import { createHistory, type History } from '../runs/testing/history.ts';
import { deadLetterFromRow } from './dead-letter-rows.ts';
import { settleRunRows, takeRunRows } from './run-rows.ts';

const FAILURE: Failure = {
  type: 'Broken',
  message: 'no',
  stack: '',
  causes: [],
  nonRetryable: false,
  details: { contentType: '', encodings: [], data: new Uint8Array(100), ref: undefined },
  nodePath: '',
  attempts: undefined,
};

/** What a round takes of the dead letters of a run. */
function take(hot: HotRun): { readonly puts: readonly DeadLetterRow[]; readonly deletes: readonly string[] } {
  const writes: RowWrite[] = [];
  takeRunRows(hot, 1_800_000_000_000, writes);
  const letters = writes.filter((write) => write.table === 'deadLetters');
  return {
    puts: letters.flatMap((write) => ('put' in write ? [write.put as DeadLetterRow] : [])),
    deletes: letters.flatMap((write) =>
      'delete' in write ? [`${write.delete.itemId} ${write.delete.deadLetterId}`] : [],
    ),
  };
}

function enqueue(history: History, itemId: string): void {
  const item = { nodeId: 'bill', queue: 'mail', payload: undefined, maxAttempts: 5, priority: 2, tags: ['gpu'] };
  history.act({ kind: 'enqueueItem', itemId, ...item, notBeforeTime: undefined });
}

/** Makes a dead letter of a fresh item; answers its id. */
function kill(history: History, itemId: string): string {
  enqueue(history, itemId);
  const nodePath = itemPath(itemId);
  const by = { isOperator: true, requestedBy: 'ann', fence: undefined };
  history.act({ kind: 'moveToDeadLetter', nodePath, failure: FAILURE, ...by });
  return history.hot.run.client?.dead.get(nodePath)?.deadLetterId ?? '';
}

function requeue(history: History, deadLetterId: string): void {
  history.act({ kind: 'requeueDeadLetter', deadLetterId, notBeforeTime: undefined, requestedBy: 'ann' });
}

describe('the row of a dead letter', () => {
  test('says what lists show of it, and is written once', () => {
    const history = createHistory('CLIENT');
    const deadLetterId = kill(history, 'i');
    const { puts } = take(history.hot);
    const { tenantId, runId, incarnation } = history.hot.identity;
    expect(puts).toMatchObject([{ tenantId, runId, incarnation, itemId: 'i', deadLetterId, queue: 'mail' }]);
    expect(deadLetterFromRow(puts[0] as DeadLetterRow)).toEqual({
      taskId: '',
      nodeId: 'bill',
      workflow: history.hot.run.workflow,
      reason: 'MOVED',
      movedBy: 'ann',
      failure: { ...FAILURE, details: undefined },
      attempt: 1,
      maxAttempts: 5,
      priority: 2,
      tags: ['gpu'],
      createTime: history.now,
      workerId: '',
    });
    expect(take(history.hot).puts).toEqual(puts);
    settleRunRows(history.hot);
    enqueue(history, 'j');
    expect(take(history.hot)).toEqual({ puts: [], deletes: [] });
  });

  test('goes once it was put back or removed', () => {
    const history = createHistory('CLIENT');
    const [requeued, purged] = [kill(history, 'i'), kill(history, 'j')];
    take(history.hot);
    settleRunRows(history.hot);
    requeue(history, requeued);
    history.act({ kind: 'purgeDeadLetter', deadLetterId: purged, requestedBy: 'ann', endsRun: false });
    expect(take(history.hot)).toEqual({ puts: [], deletes: [`i ${requeued}`, `j ${purged}`] });
    settleRunRows(history.hot);
    enqueue(history, 'k');
    expect(take(history.hot)).toEqual({ puts: [], deletes: [] });
  });

  test('goes too when the round that wrote it failed', () => {
    const history = createHistory('CLIENT');
    const deadLetterId = kill(history, 'i');
    take(history.hot);
    requeue(history, deadLetterId);
    expect(take(history.hot)).toEqual({ puts: [], deletes: [`i ${deadLetterId}`] });
  });

  test('is never written of a letter that came and went between two rounds', () => {
    const history = createHistory('CLIENT');
    requeue(history, kill(history, 'i'));
    expect(take(history.hot)).toEqual({ puts: [], deletes: [] });
  });

  test('stands when the run ends, and is not written once more then: it may have been removed', () => {
    const history = createHistory('CLIENT');
    kill(history, 'i');
    take(history.hot);
    settleRunRows(history.hot);
    history.act({ kind: 'terminateRun', requestedBy: '', reason: '' });
    expect(take(history.hot)).toEqual({ puts: [], deletes: [] });
  });

  test('of a free item is the tenant’s, and of no run', () => {
    const history = createHistory('CLIENT', { tenantId: freeTenantOf('acme'), runId: 'i' });
    const deadLetterId = kill(history, 'i');
    expect(take(history.hot).puts).toMatchObject([
      { tenantId: 'acme', runId: '', incarnation: '', itemId: 'i', deadLetterId },
    ]);
  });

  test('that does not decode is an error, and no dead letter', () => {
    const history = createHistory('CLIENT');
    kill(history, 'i');
    const [row] = take(history.hot).puts;
    const body = row?.body ?? new Uint8Array();
    expect(() => deadLetterFromRow({ body: Buffer.concat([Buffer.of(9), body.subarray(1)]) })).toThrow('format 9');
    expect(() => deadLetterFromRow({ body: body.subarray(0, -1) })).toThrow(LogError);
    expect(() => deadLetterFromRow({ body: Buffer.concat([body, Buffer.of(0)]) })).toThrow('follow a dead letter');
  });
});
