import type { SendSignalRequest, SendSignalResponse } from '#gen/millrace/state/v1/signal_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { sendSignal } from '../runs/send-signal.ts';

/** SignalService.SendSignal: a named message to a run. */
export function createSendSignal(context: StateContext): UnaryHandler<SendSignalRequest, SendSignalResponse> {
  return async (request, call) => (await sendSignal(context, call, request)).response;
}
