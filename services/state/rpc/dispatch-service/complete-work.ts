import {
  type CompleteWorkRequest,
  type CompleteWorkResponse,
  DispatchService,
} from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { atField } from '../unary-work/at-field.ts';
import { changeLeased } from '../unary-work/change-leased.ts';
import { acknowledge, leasedRunFrom } from '../unary-work/leased-run.ts';
import { createSettler } from '../unary-work/settle-frames.ts';
import { completeFromProto } from '../wire/commands.ts';
import { invalidField } from '../wire/invalid-field.ts';

/** DispatchService.CompleteWork: settles an item with its output. The same settle again is acknowledged. [15] */
export function createCompleteWork(context: StateContext): UnaryHandler<CompleteWorkRequest, CompleteWorkResponse> {
  return async (request, { tenantId, signal }) => {
    const target = leasedRunFrom(tenantId, request.lease, 'ITEM_NOT_FOUND');
    const { completion } = request;
    if (completion === undefined) throw invalidField('completion', 'must be there');
    const output = await createSettler(context, target, signal).maybePayload(completion.output);
    return await changeLeased(context, DispatchService.method.completeWork, request, {
      target,
      missing: 'ITEM_NOT_FOUND',
      intent: 'completeItem',
      act: (visit, _hot, proof): CompleteWorkResponse => {
        const { lastSequence } = acknowledge(
          visit,
          atField('completion', () => completeFromProto({ ...completion, output }, proof)),
        );
        return { $typeName: 'millrace.state.v1.CompleteWorkResponse', lastSequence: BigInt(lastSequence) };
      },
    });
  };
}
