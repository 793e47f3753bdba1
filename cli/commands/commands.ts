import { BACKUP_COMMAND } from './admin/backup.ts';
import { RESTORE_COMMAND } from './admin/restore.ts';
import type { Command } from './command.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [BACKUP_COMMAND, RESTORE_COMMAND];
