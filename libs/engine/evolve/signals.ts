import type { Signal, SignalConsumed } from '../events/wait-events.ts';
import { LogError } from '../model/log-error.ts';
import { dropEntry, dropMember, withEntry, withMember } from '../model/open-map.ts';
import type { Run } from '../model/run.ts';
import { MAX_SIGNAL_IDS } from '../model/signal-buffer.ts';
import { isSameStep } from '../model/step-id.ts';
import { endWait } from './waits.ts';

/** Folds a signal into the buffer, with the place of its event in the log, and remembers its id. */
export function evolveSignalReceived(run: Run, signal: Signal, sequence: number, bytes: number): void {
  const buffer = run.signals;
  buffer.received += 1;
  buffer.count += 1;
  buffer.bytes += bytes;
  const queue = buffer.byName.get(signal.name);
  if (queue === undefined)
    buffer.byName = withEntry(buffer.byName, signal.name, [{ receivedSequence: sequence, bytes }]);
  else queue.push({ receivedSequence: sequence, bytes });
  if (signal.signalId === '') return;
  buffer.ids = withMember(buffer.ids, signal.signalId);
  if (buffer.ids.size <= MAX_SIGNAL_IDS) return;
  for (const oldest of buffer.ids) {
    dropMember(buffer.ids, oldest);
    return;
  }
}

/** Folds the consumption of a signal: out of the buffer, if it was there, and into the wait, if one was open. */
export function evolveSignalConsumed(run: Run, event: SignalConsumed, sequence: number): void {
  if (event.receivedSequence === 0) run.signals.received += 1;
  else takeBuffered(run, event);
  if (run.identity.driver === 'CLIENT') return;
  for (const wait of run.waits.values()) {
    if (wait.kind !== 'signal' || wait.name !== event.name) continue;
    if (wait.nodePath !== event.nodePath || !isSameStep(wait.step, event.step)) break;
    run.newsSequence = sequence;
    return endWait(run, wait.startedSequence);
  }
  throw new LogError('INCONSISTENT', `nobody waited for signal ${event.name} first`);
}

function takeBuffered(run: Run, event: SignalConsumed): void {
  const buffer = run.signals;
  const queue = buffer.byName.get(event.name);
  const first = queue?.shift();
  if (queue === undefined || first === undefined || first.receivedSequence !== event.receivedSequence) {
    throw new LogError('INCONSISTENT', `signal ${event.receivedSequence} was not the next of ${event.name}`);
  }
  if (queue.length === 0) dropEntry(buffer.byName, event.name);
  buffer.count -= 1;
  buffer.bytes -= first.bytes;
}
