import type { Command } from '../command.ts';
import { defineControl } from './define-control.ts';

/** `millrace run terminate`: ends a run at once. */
export const TERMINATE_COMMAND: Command = defineControl({
  verb: 'terminate',
  summary: 'end a run at once, without clean-up',
  call: (runs, request, options) => runs.terminateRun(request, options),
});
