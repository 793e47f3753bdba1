import type { Message } from '@bufbuild/protobuf';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { MethodBinding } from '../service-binding.ts';
import { assertValid } from '../validation/validate.ts';
import type { Call } from './call.ts';

/** Bytes that are no message of the request's type. A decoder answers it, because doors hide what decoders throw. */
export class UndecodedRequest {
  readonly error: DomainError;

  constructor(error: DomainError) {
    this.error = error;
  }
}

/** Decoded, valid and of a tenant that the caller may speak for, or an error. Every message of every call comes by. */
export function acceptRequest(call: Call, request: Message | UndecodedRequest): Message {
  if (request instanceof UndecodedRequest) {
    throw request.error;
  }
  assertValid(call.binding.method.input, request);
  if (call.binding.isTenantScoped) {
    call.resolveTenant((request as unknown as { readonly tenantId: string }).tenantId);
  } else {
    call.resolveTenant('');
  }
  return request;
}

/** The refusal of a method that no handler is bound to. */
export function notBuilt({ method, path }: MethodBinding): DomainError {
  return new DomainError('NOT_BUILT', `${method.parent.typeName}.${method.name} is not built yet`, {
    metadata: { method: path.slice(1) },
  });
}
