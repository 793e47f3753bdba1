import type { Command } from '../command.ts';
import { defineControl } from './define-control.ts';

/** `millrace run pause`: holds a run. */
export const PAUSE_COMMAND: Command = defineControl({
  verb: 'pause',
  summary: 'hold a run: nothing new is begun until it is resumed',
  call: (runs, request, options) => runs.pauseRun(request, options),
});
