import { BlobService } from '#gen/millrace/registry/v1/blob_service_pb.ts';
import { PackageService } from '#gen/millrace/registry/v1/package_service_pb.ts';
import { SigningKeyService } from '#gen/millrace/registry/v1/signing_key_service_pb.ts';
import { bindService, type ServiceBinding } from '#libs/rpc/service-binding.ts';

/** Every RPC of the registry service, bound to its handler. A method without one answers NOT_BUILT. */
export function createRegistryBindings(): readonly ServiceBinding[] {
  return [bindService(BlobService, {}), bindService(PackageService, {}), bindService(SigningKeyService, {})];
}
