import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type SaveSnapshotRequest,
  type SaveSnapshotResponse,
  SaveSnapshotResponseSchema,
} from '#gen/millrace/state/v1/snapshot_service_pb.ts';
import type { SaveSnapshot } from '#libs/engine/commands/client-commands.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import type { CallContext } from '#libs/rpc/call-context.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { RunKey } from '#libs/store/tables/keys.ts';
import { newestOf } from '../client-runs/change-client-run.ts';
import { createdBySave } from '../client-runs/created-by-save.ts';
import { newestIncarnation } from '../client-runs/settle-for-run.ts';
import type { StateContext } from '../context.ts';
import { needsSettling, settlePayload } from '../payloads/settle-payload.ts';
import { commitTokenOf } from '../runs/commit-token.ts';
import { once } from '../runs/once.ts';
import { failureFromProto } from '../wire/failure.ts';
import { invalidField } from '../wire/invalid-field.ts';
import { payloadFromProto } from '../wire/payload.ts';
import { hintsFromProto, maybePositionFromProto } from '../wire/position.ts';
import { errorFromRejection } from '../wire/rejection.ts';
import { maybeStatusFromProto } from '../wire/status.ts';
import { sortedTags } from '../wire/tags.ts';

/** How often a save is tried whose run is created, or replaced, while its payload is stored. */
const MAX_TRIES = 3;

/** SnapshotService.SaveSnapshot: saves a snapshot, and creates a run that is missing [2, 3, 14]. */
export function createSaveSnapshot(context: StateContext): UnaryHandler<SaveSnapshotRequest, SaveSnapshotResponse> {
  return async (request, call) => {
    const key = { tenantId: call.tenantId, runId: request.runId };
    if (request.taskOutput !== undefined && (request.fence === undefined || request.taskId === '')) {
      throw invalidField('task_output', 'must come with fence and task_id');
    }
    const draft = commandOf(request, call);
    if (![request.payload, request.output, request.taskOutput].some(needsSettling)) {
      const payload = payloadFromProto(request.payload, 'payload');
      const output = payloadFromProto(request.output, 'output');
      const result = resultOf(request, payloadFromProto(request.taskOutput, 'task_output'));
      return await save(context, call, request, key, { ...draft, payload, output, result }, undefined);
    }
    return await saveLarge(context, call, request, key, draft);
  };
}

type Draft = Omit<SaveSnapshot, 'payload' | 'output' | 'result'>;

function commandOf(request: SaveSnapshotRequest, { principal }: CallContext): Draft {
  const { priority, tags, taskHints, atSequence, expectedVersion, fence, taskId, failure } = request;
  return {
    kind: 'saveSnapshot',
    status: maybeStatusFromProto(request.status) ?? 'RUNNING',
    position: maybePositionFromProto(request.position, 'position'),
    priority,
    tags: sortedTags(tags),
    hints: hintsFromProto(taskHints, 'task_hints'),
    atSequence: numberFrom(atSequence),
    expectedVersion: expectedVersion === undefined ? undefined : numberFrom(expectedVersion),
    fence,
    taskId,
    failure: failure === undefined ? undefined : failureFromProto(failure, 'failure'),
    requestedBy: principal.name,
  };
}

/** No log is that long. */
function numberFrom(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function resultOf({ taskOutput }: SaveSnapshotRequest, output: Payload | undefined): SaveSnapshot['result'] {
  return taskOutput === undefined ? undefined : { output };
}

/** Large payloads belong to an incarnation, which has to be known before they are stored. */
async function saveLarge(
  context: StateContext,
  call: CallContext,
  request: SaveSnapshotRequest,
  key: RunKey,
  draft: Draft,
): Promise<SaveSnapshotResponse> {
  for (let tries = 1; ; tries += 1) {
    const incarnation =
      request.incarnation || (await newestIncarnation(context, key)) || context.newIncarnation(context.nowMs());
    const settle = async (payload: SaveSnapshotRequest['payload']): Promise<Payload | undefined> =>
      payload === undefined ? undefined : await settlePayload(context, { ...key, incarnation }, payload, call.signal);
    const payload = await settle(request.payload);
    const output = await settle(request.output);
    const result = resultOf(request, await settle(request.taskOutput));
    const command = { ...draft, payload, output, result };
    try {
      return await save(context, call, request, key, command, incarnation);
    } catch (error) {
      if (!(error instanceof OtherIncarnation) || tries === MAX_TRIES) throw error;
    }
  }
}

/** The run has another incarnation than the one in whose blobs the payload is. */
class OtherIncarnation extends DomainError {
  constructor() {
    super('UNAVAILABLE', 'the run was replaced meanwhile', { retryAfterMs: 0 });
  }
}

async function save(
  context: StateContext,
  call: CallContext,
  request: SaveSnapshotRequest,
  key: RunKey,
  command: SaveSnapshot,
  /** Whose the payloads are that are stored already. Absent: none is. */
  owner: string | undefined,
): Promise<SaveSnapshotResponse> {
  const { incarnation, requestId, definitionHash, workflow, version } = request;
  const partition = context.node.partitionOf(key);
  return await once<SaveSnapshotResponse>(context, {
    key,
    rpc: 'SaveSnapshot',
    requestId,
    words: requestId === '' ? [] : [incarnation, workflow, version, definitionHash, command],
    intent: 'saveSnapshot',
    act: (visit, position) => {
      const isMissing = visit.hot === undefined && incarnation === '';
      const hot = isMissing
        ? createdBySave(context, visit, { call, request, command, incarnation: owner })
        : newestOf(visit, key, incarnation);
      if (owner !== undefined && hot.identity.incarnation !== owner) throw new OtherIncarnation();
      if (definitionHash !== '' && definitionHash !== hot.run.definitionHash) {
        throw new DomainError('DEFINITION_MISMATCH', `run ${key.runId} has another definition`, {
          metadata: { expected: definitionHash, found: hot.run.definitionHash, run_id: key.runId },
        });
      }
      const result = visit.perform(command);
      if (result.kind === 'rejected') throw errorFromRejection(result.rejection, key);
      if (result.reply.kind !== 'saved') throw new TypeError(`the engine answered ${result.reply.kind}`);
      return create(SaveSnapshotResponseSchema, {
        version: BigInt(result.reply.version),
        incarnation: hot.identity.incarnation,
        created: isMissing,
        commitToken: commitTokenOf(partition, position),
      });
    },
    encode: (response) => toBinary(SaveSnapshotResponseSchema, response),
    decode: (bytes) => fromBinary(SaveSnapshotResponseSchema, bytes),
  });
}
