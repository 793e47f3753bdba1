import { ReconcilerService } from '#gen/millrace/worker/v1/reconciler_service_pb.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';

/** Every RPC of the worker service, bound to its handler. A method without one answers NOT_BUILT. */
export function createWorkerBindings(): readonly ServiceBinding[] {
  return [bindService(ReconcilerService, {})];
}
