import { BACKUP_COMMAND } from './admin/backup.ts';
import { RESTORE_COMMAND } from './admin/restore.ts';
import { LIST_AUDIT_COMMAND } from './audit/list.ts';
import { VERIFY_AUDIT_COMMAND } from './audit/verify.ts';
import type { Command } from './command.ts';
import { LIST_DEAD_LETTERS_COMMAND } from './dead-letter/list.ts';
import { MOVE_TO_DEAD_LETTER_COMMAND } from './dead-letter/move.ts';
import { PURGE_DEAD_LETTERS_COMMAND } from './dead-letter/purge.ts';
import { REQUEUE_DEAD_LETTER_COMMAND } from './dead-letter/requeue.ts';
import { SHOW_DEAD_LETTER_COMMAND } from './dead-letter/show.ts';
import { GET_DEFINITION_COMMAND } from './definition/get.ts';
import { LIST_DEFINITIONS_COMMAND } from './definition/list.ts';
import { PUT_DEFINITION_COMMAND } from './definition/put.ts';
import { DEV_COMMAND } from './dev/dev.ts';
import { CLAIM_COMMAND } from './queue/claim.ts';
import { COMPLETE_COMMAND } from './queue/complete.ts';
import { ENQUEUE_COMMAND } from './queue/enqueue.ts';
import { FAIL_COMMAND } from './queue/fail.ts';
import { RECLAIM_COMMAND } from './queue/reclaim.ts';
import { RELEASE_COMMAND } from './queue/release.ts';
import { RENEW_COMMAND } from './queue/renew.ts';
import { CANCEL_COMMAND } from './run/cancel.ts';
import { DELETE_COMMAND } from './run/delete.ts';
import { EXPLAIN_COMMAND } from './run/explain.ts';
import { GET_COMMAND } from './run/get.ts';
import { HISTORY_COMMAND } from './run/history.ts';
import { LIST_COMMAND } from './run/list.ts';
import { PAUSE_COMMAND } from './run/pause.ts';
import { RESUME_COMMAND } from './run/resume.ts';
import { SIGNAL_COMMAND } from './run/signal.ts';
import { START_COMMAND } from './run/start.ts';
import { TERMINATE_COMMAND } from './run/terminate.ts';
import { WAIT_COMMAND } from './run/wait.ts';
import { WATCH_COMMAND } from './run/watch.ts';
import { CREATE_TENANT_COMMAND } from './tenant/create.ts';
import { GET_TENANT_COMMAND } from './tenant/get.ts';
import { LIST_TENANTS_COMMAND } from './tenant/list.ts';
import { ACTIVATE_TENANT_COMMAND, ARCHIVE_TENANT_COMMAND, SUSPEND_TENANT_COMMAND } from './tenant/set-status.ts';
import { UPDATE_TENANT_COMMAND } from './tenant/update.ts';
import { CREATE_TOKEN_COMMAND } from './token/create.ts';
import { LIST_TOKENS_COMMAND } from './token/list.ts';
import { REVOKE_TOKEN_COMMAND } from './token/revoke.ts';
import { VALIDATE_TOKEN_COMMAND } from './token/validate.ts';
import { DRAIN_WORKER_COMMAND } from './worker/drain.ts';
import { LIST_WORKERS_COMMAND } from './worker/list.ts';
import { RUN_WORKER_COMMAND } from './worker/run.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  DEV_COMMAND,
  START_COMMAND,
  GET_COMMAND,
  LIST_COMMAND,
  EXPLAIN_COMMAND,
  WAIT_COMMAND,
  WATCH_COMMAND,
  HISTORY_COMMAND,
  SIGNAL_COMMAND,
  CANCEL_COMMAND,
  PAUSE_COMMAND,
  RESUME_COMMAND,
  TERMINATE_COMMAND,
  DELETE_COMMAND,
  PUT_DEFINITION_COMMAND,
  GET_DEFINITION_COMMAND,
  LIST_DEFINITIONS_COMMAND,
  RUN_WORKER_COMMAND,
  LIST_WORKERS_COMMAND,
  DRAIN_WORKER_COMMAND,
  ENQUEUE_COMMAND,
  CLAIM_COMMAND,
  COMPLETE_COMMAND,
  FAIL_COMMAND,
  RENEW_COMMAND,
  RELEASE_COMMAND,
  RECLAIM_COMMAND,
  LIST_DEAD_LETTERS_COMMAND,
  SHOW_DEAD_LETTER_COMMAND,
  REQUEUE_DEAD_LETTER_COMMAND,
  PURGE_DEAD_LETTERS_COMMAND,
  MOVE_TO_DEAD_LETTER_COMMAND,
  CREATE_TOKEN_COMMAND,
  LIST_TOKENS_COMMAND,
  REVOKE_TOKEN_COMMAND,
  VALIDATE_TOKEN_COMMAND,
  CREATE_TENANT_COMMAND,
  GET_TENANT_COMMAND,
  LIST_TENANTS_COMMAND,
  UPDATE_TENANT_COMMAND,
  SUSPEND_TENANT_COMMAND,
  ACTIVATE_TENANT_COMMAND,
  ARCHIVE_TENANT_COMMAND,
  LIST_AUDIT_COMMAND,
  VERIFY_AUDIT_COMMAND,
  BACKUP_COMMAND,
  RESTORE_COMMAND,
];
