import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Control as ControlMessage } from '#gen/millrace/state/v1/control_pb.ts';
import type { CheckControls } from '#libs/engine/commands/client-commands.ts';
import type { Reply } from '#libs/engine/decide/decision.ts';
import type { StateContext } from '../context.ts';
import { controlToProto } from '../wire/control.ts';
import { changeClientRun } from './change-client-run.ts';

/** What a check of controls came to. */
export interface CheckedControls {
  readonly outcome: Extract<Reply, { readonly kind: 'controls' }>['outcome'];
  /** The control that did it. */
  readonly control: { readonly control?: ControlMessage };
}

/** A check that a runtime asks for. */
export interface ControlCheck<D extends DescMessage> {
  readonly rpc: string;
  readonly checks: CheckControls['checks'];
  readonly response: D;
  readonly answer: (checked: CheckedControls) => MessageShape<D>;
}

/** Who asks: a runtime at a task. */
export interface CheckRequest {
  readonly runId: string;
  readonly incarnation: string;
  readonly taskId: string;
  readonly requestId: string;
}

/**
 * Lets what is pending of a CLIENT run take effect, because its runtime asks [28].
 *
 * @throws RUN_NOT_FOUND, WRONG_DRIVER, LEASE_LOST for another incarnation, REQUEST_ID_REUSED.
 */
export async function checkControls<D extends DescMessage>(
  context: StateContext,
  { tenantId }: { readonly tenantId: string },
  { runId, incarnation, taskId, requestId }: CheckRequest,
  { rpc, checks, response, answer }: ControlCheck<D>,
): Promise<MessageShape<D>> {
  return await changeClientRun(context, {
    key: { tenantId, runId },
    rpc,
    incarnation,
    requestId,
    words: [taskId],
    intent: 'checkControls',
    reply: 'controls',
    response,
    command: () => ({ kind: 'checkControls', checks, taskId }),
    answer: ({ outcome, control }) =>
      answer({ outcome, control: control === undefined ? {} : { control: controlToProto(control) } }),
  });
}
