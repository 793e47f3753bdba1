import { create } from '@bufbuild/protobuf';
import {
  type FinalizeUpgradeRequest,
  type FinalizeUpgradeResponse,
  FinalizeUpgradeResponseSchema,
} from '#gen/millrace/common/v1/system_service_pb.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import { STORE_FORMAT } from '#libs/store/opening/meta-row.ts';
import type { StoreMeta } from '#libs/store/store.ts';

/** SystemService.FinalizeUpgrade: this release writes one format only, and so it is final as soon as a store is open. */
export function createFinalizeUpgrade(meta: StoreMeta): UnaryHandler<FinalizeUpgradeRequest, FinalizeUpgradeResponse> {
  return ({ expectedFormat }) => {
    if (expectedFormat !== undefined && expectedFormat !== STORE_FORMAT) {
      const description = `the newest format that this release writes is ${STORE_FORMAT}`;
      throw new DomainError('INVALID_FIELDS', `expected_format: ${description}`, {
        violations: [{ field: 'expected_format', description }],
      });
    }
    return create(FinalizeUpgradeResponseSchema, { format: meta.format, minReader: meta.minReader });
  };
}
