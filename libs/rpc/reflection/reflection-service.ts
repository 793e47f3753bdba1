import { create, type DescService } from '@bufbuild/protobuf';
import {
  ServerReflectionResponseSchema as ResponseV1Schema,
  ServerReflection as ServerReflectionV1,
} from '#gen/grpc/reflection/v1/reflection_pb.ts';
import {
  ServerReflectionResponseSchema as ResponseV1AlphaSchema,
  ServerReflection as ServerReflectionV1Alpha,
} from '#gen/grpc/reflection/v1alpha/reflection_pb.ts';
import type { Role } from '#libs/auth/roles.ts';
import { bindService, type ServiceBinding } from '../service-binding.ts';
import { answerReflection, type ReflectionAnswer, type ReflectionQuestion } from './answer-reflection.ts';
import { createDescriptorIndex, type DescriptorIndex } from './descriptor-index.ts';
import { untilAborted } from './until-aborted.ts';

const EVERY_ROLE: ReadonlySet<Role> = new Set(['viewer', 'developer', 'operator', 'worker', 'admin', 'root']);

/**
 * `grpc.reflection.v1` and `v1alpha` over the given services and themselves. Every role may ask, but nobody without
 * one: the door authenticates as it does for everything else.
 */
export function createReflectionBindings(services: readonly DescService[]): readonly ServiceBinding[] {
  const index = createDescriptorIndex([...new Set([...services, ServerReflectionV1, ServerReflectionV1Alpha])]);
  return [
    bindService(
      ServerReflectionV1,
      {
        serverReflectionInfo: (requests, { goAway }, out) =>
          converse(index, requests, goAway, (originalRequest, messageResponse) => {
            const { host: validHost } = originalRequest;
            return out.send(create(ResponseV1Schema, { validHost, originalRequest, messageResponse }));
          }),
      },
      { allowed: EVERY_ROLE },
    ),
    bindService(
      ServerReflectionV1Alpha,
      {
        serverReflectionInfo: (requests, { goAway }, out) =>
          converse(index, requests, goAway, (originalRequest, messageResponse) => {
            const { host: validHost } = originalRequest;
            return out.send(create(ResponseV1AlphaSchema, { validHost, originalRequest, messageResponse }));
          }),
      },
      { allowed: EVERY_ROLE },
    ),
  ];
}

async function converse<Q extends { readonly messageRequest: ReflectionQuestion }>(
  index: DescriptorIndex,
  requests: AsyncIterable<Q>,
  goAway: AbortSignal,
  send: (request: Q, answer: ReflectionAnswer) => Promise<void> | undefined,
): Promise<void> {
  for await (const request of untilAborted(requests, goAway)) {
    await send(request, answerReflection(index, request.messageRequest));
  }
}
