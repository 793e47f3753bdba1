import { describe, expect, test } from 'vitest';
import type { Event } from '#libs/engine/events/event.ts';
import { payloadOf } from '#libs/engine/testing/scenario.ts';
import { missingSignals, withSignals } from './consumed-signals.ts';

const stamp = (sequence: number): { readonly sequence: number; readonly eventTime: number } => ({
  sequence,
  eventTime: 1,
});

function received(sequence: number, json: string): Event {
  const signal = { name: 's', signalId: '', payload: payloadOf(json), sendTime: 1 };
  return { kind: 'signalReceived', signal, ...stamp(sequence) };
}

function consumed(sequence: number, receivedSequence: number, json?: string): Event {
  const payload = json === undefined ? undefined : payloadOf(json);
  return {
    kind: 'signalConsumed',
    nodePath: '',
    step: undefined,
    name: 's',
    payload,
    receivedSequence,
    ...stamp(sequence),
  };
}

const NONE = (): undefined => undefined;

describe('signals in unary answers', () => {
  test('a consumed signal has what it carried, from the event that buffered it', () => {
    const events = [received(4, '"a"'), received(5, '"b"'), consumed(6, 5), consumed(7, 4)];
    expect(withSignals(events, NONE)).toEqual([events[0], events[1], consumed(6, 5, '"b"'), consumed(7, 4, '"a"')]);
    expect(missingSignals(events)).toEqual([]);
  });

  test('what was buffered before these events is asked for', () => {
    const events = [consumed(9, 2), received(10, '1'), consumed(11, 10)];
    expect(missingSignals(events)).toEqual([2]);
    const whole = withSignals(events, (sequence) => (sequence === 2 ? payloadOf('"early"') : undefined));
    expect(whole).toEqual([consumed(9, 2, '"early"'), events[1], consumed(11, 10, '1')]);
  });

  test('events without such signals are answered as they are, and a signal that was never buffered keeps its payload', () => {
    const events = [consumed(9, 0, '1'), consumed(10, 0)];
    expect(withSignals(events, NONE)).toBe(events);
    expect(missingSignals(events)).toEqual([]);
  });
});
