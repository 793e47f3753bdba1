import type { Command } from '../command.ts';
import { defineControl } from './define-control.ts';

/** `millrace run resume`: lets a paused run go on where it stands. */
export const RESUME_COMMAND: Command = defineControl({
  verb: 'resume',
  summary: 'let a paused run go on where it stands',
  call: (runs, request, options) => runs.resumeRun(request, options),
});
