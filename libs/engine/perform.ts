import type { Command } from './commands/command.ts';
import { decide } from './decide/decide.ts';
import type { Reply } from './decide/decision.ts';
import { type Effect, NO_EFFECTS } from './effects/effect.ts';
import { effectsOf } from './effects/effects-of.ts';
import type { Event } from './events/event.ts';
import { evolve } from './evolve/evolve.ts';
import type { Rejection } from './model/rejection.ts';
import type { Run } from './model/run.ts';

/** What a command did. */
export interface Performance {
  /** To be appended, in order; those that were due before the command come first. May be empty, also of a refusal. */
  readonly events: readonly Event[];
  readonly effects: readonly Effect[];
  readonly result:
    | { readonly kind: 'accepted'; readonly reply: Reply }
    | { readonly kind: 'rejected'; readonly rejection: Rejection };
}

const NO_EVENTS: readonly Event[] = Object.freeze([]);

/**
 * Decides a command and folds what it led to into the run, what was due before it included: the one way in which the
 * shell changes a run. The order is decide, effects, evolve, because effects look at the run before its events.
 */
export function perform(run: Run, command: Command, now: number): Performance {
  let events = NO_EVENTS;
  let effects = NO_EFFECTS;
  for (;;) {
    const decision = decide(run, command, now);
    switch (decision.kind) {
      case 'nothing':
        return { events, effects, result: { kind: 'accepted', reply: decision.reply } };
      case 'rejected':
        return { events, effects, result: { kind: 'rejected', rejection: decision.rejection } };
      case 'append':
      case 'due': {
        const more = effectsOf(run, decision.events);
        for (const event of decision.events) evolve(run, event);
        events = events.length === 0 ? decision.events : [...events, ...decision.events];
        effects = effects.length === 0 ? more : [...effects, ...more];
        if (decision.kind === 'append') return { events, effects, result: { kind: 'accepted', reply: decision.reply } };
      }
    }
  }
}
