import { hash } from 'node:crypto';
import { ConflictPolicy as PolicyMessage, type StartRunRequest } from '#gen/millrace/state/v1/run_service_pb.ts';
import type { StartRun } from '#libs/engine/commands/start-run.ts';
import type { ConflictPolicy, StartTerms } from '#libs/engine/decide/conflict.ts';
import type { Driver } from '#libs/engine/model/status.ts';
import type { FieldViolation } from '#libs/errors/domain-error.ts';
import type { RequestMark } from '#libs/partition/runs/start-facts.ts';
import { hasControlCharacter } from '#libs/rpc/validation/control-character.ts';
import { argumentsHash } from './arguments-hash.ts';
import { attributePath, attributesFromProto } from './attributes.ts';
import { MUST_BE_PLAIN } from './control-character.ts';
import { driverFromProto } from './driver.ts';
import { maybeMsFromDuration } from './duration.ts';
import { invalidFields } from './invalid-field.ts';
import { hintFromProto } from './position.ts';
import { sortedTags } from './tags.ts';

/** What a start takes from its call. */
export interface StartCall {
  readonly tenantId: string;
  /** Makes a request id for a request without one. */
  readonly requestId: () => string;
  /** The trace of the call, for a request that names none. Empty: none. */
  readonly traceparent: string;
  /** The name of whoever asks. */
  readonly requestedBy: string;
}

/** A start as it was asked for; what is absent, and the rest of the command, is the definition's. */
export interface ParsedStart {
  readonly runId: string;
  /** The hash that the definition must have. Empty: any. */
  readonly definitionHash: string;
  /** Empty: chosen. */
  readonly version: string;
  readonly terms: Omit<StartTerms, 'definitionHash'>;
  readonly driver: Driver;
  readonly request: RequestMark;
  readonly retentionMs: number | undefined;
  readonly traceparent: string;
  readonly priority: number | undefined;
  readonly runTimeoutMs: number | undefined;
  /** Tags are sorted and each is there once. An empty list or queue is the definition's. */
  readonly command: Pick<StartRun, 'workflow' | 'tags' | 'attributes' | 'requestedBy' | 'queue' | 'firstTask'>;
}

const POLICIES: Readonly<Record<PolicyMessage, ConflictPolicy>> = {
  [PolicyMessage.UNSPECIFIED]: 'FAIL',
  [PolicyMessage.FAIL]: 'FAIL',
  [PolicyMessage.USE_EXISTING]: 'USE_EXISTING',
  [PolicyMessage.TERMINATE_EXISTING]: 'TERMINATE_EXISTING',
};

/**
 * A start that kept the rules of its proto, but for its input, which may have to be stored first. A request without a run
 * id gets the one that its tenant and request id make. [journal.md 21]
 *
 * @param path the path of the request within its message, with a dot at its end. Default: it is the message.
 * @throws INVALID_FIELDS with every name that has control characters, or an attribute that is none.
 */
export function startFromProto(request: StartRunRequest, call: StartCall, path: string = ''): ParsedStart {
  assertNames(request, path);
  const requestId = request.requestId === '' ? call.requestId() : request.requestId;
  const runId = request.runId === '' ? runIdFrom(call.tenantId, requestId) : request.runId;
  return {
    runId,
    definitionHash: request.definitionHash,
    version: request.version,
    terms: {
      policy: POLICIES[request.conflictPolicy] ?? 'FAIL',
      allowNewDefinition: request.allowNewDefinition,
    },
    driver: driverFromProto(request.driver),
    request: { requestId, argumentsHash: argumentsHash(request, runId) },
    retentionMs: maybeMsFromDuration(request.retention),
    traceparent: request.traceparent === '' ? call.traceparent : request.traceparent,
    priority: request.priority,
    runTimeoutMs: maybeMsFromDuration(request.runTimeout),
    command: {
      workflow: request.workflow,
      tags: sortedTags(request.tags, `${path}tags`),
      attributes: attributesFromProto(request.attributes, `${path}attributes`),
      requestedBy: call.requestedBy,
      queue: request.queue,
      firstTask: request.firstTask === undefined ? undefined : hintFromProto(request.firstTask, `${path}first_task`),
    },
  };
}

/** The id of a run whose start names none: the same for every repeat of the request. */
export function runIdFrom(tenantId: string, requestId: string): string {
  // Neither part has a line break.
  return `run-${hash('sha256', `${tenantId}\n${requestId}`).slice(0, 32)}`;
}

function assertNames(request: StartRunRequest, path: string): void {
  const { runId, workflow, version, requestId, definitionHash, queue, traceparent, tags, attributes } = request;
  const violations: FieldViolation[] = [];
  const check = (text: string, field: string): void => {
    if (hasControlCharacter(text)) violations.push({ field: `${path}${field}`, description: MUST_BE_PLAIN });
  };
  check(runId, 'run_id');
  check(workflow, 'workflow');
  check(version, 'version');
  check(requestId, 'request_id');
  check(definitionHash, 'definition_hash');
  check(queue, 'queue');
  check(traceparent, 'traceparent');
  for (let index = 0; index < tags.length; index += 1) check(tags[index] ?? '', `tags[${index}]`);
  for (const name of Object.keys(attributes)) check(name, attributePath('attributes', name));
  if (violations.length > 0) throw invalidFields(violations);
}
