import { DomainError } from '#libs/errors/domain-error.ts';
import type { Reason } from '#libs/errors/reasons.ts';
import { StartError } from '#libs/lifecycle/start-error.ts';
import { RpcStatusError } from '#libs/rpc/client/rpc-status-error.ts';
import type { Command } from './commands/command.ts';
import { printable } from './commands/text/printable.ts';
import { UsageError } from './commands/usage-error.ts';

/** The line of JSON on standard error with which a command that failed ends. */
export function errorJson(error: unknown): string {
  const message = messageOf(error);
  if (!(error instanceof DomainError)) {
    return `${JSON.stringify({ error: { message } })}\n`;
  }
  const { reason, metadata, violations, retryAfterMs } = error;
  const details = {
    message,
    reason,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(violations.length === 0 ? {} : { violations }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return `${JSON.stringify({ error: details })}\n`;
}

/** What people read on standard error when a command failed; what nobody foresaw comes with its stack. */
export function errorText(error: unknown, command: Command | undefined): string {
  const hint = error instanceof UsageError ? `\nsee millrace ${command?.name ?? ''}`.trimEnd() + ' --help' : '';
  return printable(`millrace: ${textOf(error)}${hint}\n`);
}

function textOf(error: unknown): string {
  if (error instanceof DomainError) {
    const { cause, message, reason } = error;
    return cause instanceof RpcStatusError ? `${reason}: ${message}${originOf(reason, cause)}` : message;
  }
  if (error instanceof StartError || !(error instanceof Error)) {
    return messageOf(error);
  }
  return error.stack ?? error.message;
}

/** What the transport says is for logs, but here its reader is the one who called: it names what could not be reached. */
function originOf(reason: Reason, { message, path, code }: RpcStatusError): string {
  const details = message.slice(`${path}: ${code}: `.length).replace(/\s*Resolution note:\s*$/, '');
  return reason !== 'UNAVAILABLE' || details === '' ? '' : ` (${details})`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
