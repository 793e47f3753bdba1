import type { SendSignal } from '../commands/world-commands.ts';
import { standOf } from '../model/client-tasks.ts';
import type { SignalWait } from '../model/open-things.ts';
import { payloadSize } from '../model/payload.ts';
import type { Run } from '../model/run.ts';
import { MAX_BUFFERED_BYTES, MAX_BUFFERED_SIGNALS } from '../model/signal-buffer.ts';
import { isTerminal } from '../model/status.ts';
import { offerTasks } from './client-tasks.ts';
import { type Decision, nothing, rejected } from './decision.ts';
import { append, appended, appendRecord, createDraft } from './draft.ts';
import { rouseFunction } from './schedule.ts';

/** The oldest wait for a signal of this name. */
function waitForName(run: Run, name: string): SignalWait | undefined {
  for (const wait of run.waits.values()) if (wait.kind === 'signal' && wait.name === name) return wait;
  return undefined;
}

/**
 * Takes a signal: the oldest wait for its name gets it and the run goes on in the same commit [34, 38], or it is
 * buffered, up to the limits. An id that is known is acknowledged without effect [36].
 */
export function decideSendSignal(run: Run, command: SendSignal, now: number): Decision {
  if (isTerminal(run.status)) return rejected('RUN_TERMINAL', { state: run.status });
  const { name, signalId, payload } = command;
  if (signalId !== '' && run.signals.ids.has(signalId)) return nothing({ kind: 'signal', duplicate: true });
  const draft = createDraft(run, now);
  const reply = { kind: 'signal', duplicate: false } as const;
  const received = { kind: 'signalReceived', signal: { name, signalId, payload, sendTime: now } } as const;
  const wait = waitForName(run, name);
  if (wait !== undefined) {
    const { nodePath, step } = wait;
    // A consumed signal does not carry its id, so one that has an id is buffered and consumed in one go.
    const receivedSequence = signalId === '' ? 0 : append(draft, received);
    const carried = receivedSequence === 0 ? payload : undefined;
    append(draft, { kind: 'signalConsumed', nodePath, step, name, payload: carried, receivedSequence });
    rouseFunction(run, draft);
    return appended(draft, reply);
  }
  if (run.signals.count >= MAX_BUFFERED_SIGNALS) {
    return rejected('SIGNALS_FULL', { limit: 'signals', maximum: String(MAX_BUFFERED_SIGNALS) });
  }
  if (run.signals.bytes + payloadSize(payload) > MAX_BUFFERED_BYTES) {
    return rejected('SIGNALS_FULL', { limit: 'bytes', maximum: String(MAX_BUFFERED_BYTES) });
  }
  if (run.client === undefined) {
    append(draft, received);
  } else {
    appendRecord(draft, received);
    const stand = standOf(run, run.client);
    const isAwaited = stand.position?.kind === 'signal' && stand.position.name === name;
    if (isAwaited && !stand.isSignalled) offerTasks(run, run.client, draft, { ...stand, isSignalled: true });
  }
  return appended(draft, reply);
}
