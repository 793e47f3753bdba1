import { type Run as RunMessage, RunView } from '#gen/millrace/state/v1/run_pb.ts';
import type { Failure as FailureMessage } from '#gen/millrace/workflow/v1/failure_pb.ts';
import type { Control } from '#libs/engine/model/control.ts';
import type { Failure } from '#libs/engine/model/failure.ts';
import type { Payload } from '#libs/engine/model/payload.ts';
import type { Run } from '#libs/engine/model/run.ts';
import { waitsFor } from '#libs/engine/views/waits-for.ts';
import type { HotRun } from '#libs/partition/runs/hot-run.ts';
import { attributesToProto } from './attributes.ts';
import { controlToProto } from './control.ts';
import { driverToProto } from './driver.ts';
import { failureToProto } from './failure.ts';
import { maybeParentToProto } from './parent.ts';
import { type PayloadToProto, payloadToReadableProto } from './payload.ts';
import { maybePositionToProto } from './position.ts';
import { statusToProto } from './status.ts';
import { maybeTimestampFromTime, timestampFromTime } from './timestamp.ts';
import { type FailureAt, waitToProto } from './wait.ts';

interface Parts {
  /** Waits, state document and position. */
  readonly hasState: boolean;
  /** Input, output and stacks. */
  readonly hasDocuments: boolean;
}

const BASIC: Parts = { hasState: false, hasDocuments: false };

const VIEWS: Readonly<Record<RunView, Parts>> = {
  [RunView.UNSPECIFIED]: BASIC,
  [RunView.BASIC]: BASIC,
  [RunView.STATE]: { hasState: true, hasDocuments: false },
  [RunView.FULL]: { hasState: true, hasDocuments: true },
};

/** What is in memory of a run, or was loaded. */
export type RunFacts = Pick<HotRun, 'identity' | 'run' | 'start' | 'ended'>;

/** What of a run is not in memory. What the view does not ask for need not be looked up. */
export interface RunExtras {
  /** The time of the run, for `wake_time`: an attempt that is ahead counts. Absent: only the run's own timers do. */
  readonly now?: number | undefined;
  /** What it was started with. Absent: null. For FULL. */
  readonly input?: Payload | undefined;
  /** The state document. Absent: none. From STATE. */
  readonly state?: Payload | undefined;
  /** The failures of attempts that are waited after. Absent: they are answered without. From STATE. */
  readonly failureAt?: FailureAt | undefined;
  /** Its log could not be folded. Default: it could. */
  readonly quarantined?: boolean | undefined;
  /** When retention removes it. Default: by its end and how long it is kept. */
  readonly expireTime?: number | undefined;
  /** How payloads are answered. Default: readable, as unary calls do. */
  readonly payload?: PayloadToProto | undefined;
}

/** A run on the wire, as far as the view goes. A view that is not known was refused before; it is BASIC. */
export function runToProto(facts: RunFacts, view: RunView, extras: RunExtras = {}): RunMessage {
  const { identity, run, ended } = facts;
  const { payload = payloadToReadableProto } = extras;
  const { hasState, hasDocuments } = VIEWS[view] ?? BASIC;
  return {
    $typeName: 'millrace.state.v1.Run',
    tenantId: identity.tenantId,
    runId: identity.runId,
    incarnation: identity.incarnation,
    workflow: run.workflow,
    version: run.version,
    definitionHash: run.definitionHash,
    driver: driverToProto(identity.driver),
    status: statusToProto(run.status),
    cancelling: run.cancelling,
    waits: hasState ? waitsOf(facts, extras.failureAt ?? noFailure, payload) : [],
    priority: run.priority,
    tags: [...run.tags],
    attributes: attributesToProto(run.attributes),
    input: hasDocuments ? payload(extras.input) : undefined,
    output: hasDocuments ? payload(ended?.output) : undefined,
    failure: failureOf(ended?.failure, hasDocuments, payload),
    state: hasState ? payload(extras.state) : undefined,
    position: hasState ? maybePositionToProto(run.client?.position) : undefined,
    lastSequence: BigInt(run.lastSequence),
    snapshotVersion: BigInt(run.client?.snapshots.at(-1)?.version ?? 0),
    stateVersion: BigInt(run.client?.stateVersion ?? 0),
    stepRecords: BigInt(run.stepCount),
    createTime: timestampFromTime(run.createTime),
    startTime: maybeTimestampFromTime(run.startTime),
    endTime: maybeTimestampFromTime(run.endTime),
    updateTime: timestampFromTime(run.updateTime),
    wakeTime: maybeTimestampFromTime(wakeTimeOf(run, extras.now)),
    expireTime: maybeTimestampFromTime(extras.expireTime ?? expireTimeOf(facts)),
    parent: maybeParentToProto(run.parent),
    controls: controlsOf(run).map(controlToProto),
    quarantined: extras.quarantined ?? false,
    queue: run.queue,
    endedBy: ended?.requestedBy ?? '',
    endReason: ended?.reason ?? '',
  };
}

function waitsOf({ identity, run }: RunFacts, failureAt: FailureAt, payload: PayloadToProto): RunMessage['waits'] {
  return waitsFor(run).map((reason) => waitToProto(reason, identity.incarnation, failureAt, payload));
}

function noFailure(): undefined {
  return undefined;
}

/** Stacks are documents: they are long, and nobody reads them in a list. */
function failureOf(
  failure: Failure | undefined,
  hasDocuments: boolean,
  payload: PayloadToProto,
): FailureMessage | undefined {
  if (failure === undefined) return undefined;
  if (hasDocuments) return failureToProto(failure, payload);
  const causes = failure.causes.map((cause) => ({ ...cause, stack: '' }));
  return failureToProto({ ...failure, stack: '', causes }, payload);
}

/** The run does not count the time before which an item is not offered: that is the ready lists' to watch. */
function wakeTimeOf(run: Run, now: number | undefined): number {
  let time = run.wakeTime;
  if (now === undefined) return time;
  for (const { item } of run.nodes.values()) {
    if (item?.lease !== undefined || item?.notBeforeTime === undefined) continue;
    if (item.notBeforeTime > now) time = Math.min(time, item.notBeforeTime);
  }
  return time;
}

function expireTimeOf({ run, start }: RunFacts): number | undefined {
  return run.endTime === undefined ? undefined : run.endTime + start.retentionMs;
}

function controlsOf({ cancel, pendingPause }: Run): readonly Control[] {
  return [cancel, pendingPause].filter((control) => control !== undefined);
}
