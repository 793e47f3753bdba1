import type { Command } from '../command.ts';
import { defineControl } from './define-control.ts';

/** `millrace run cancel`: asks a run to end after its clean-up. */
export const CANCEL_COMMAND: Command = defineControl({
  verb: 'cancel',
  summary: 'end a run after its clean-up',
  notes: 'It answers at once; run wait tells when the clean-up is over.',
  call: (runs, request, options) => runs.cancelRun(request, options),
});
