import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Blocker, NearWorker, NoWorkerBlocker } from '#gen/millrace/state/v1/blocker_pb.ts';
import { ControlKindSchema } from '#gen/millrace/state/v1/control_pb.ts';
import { RunStatusSchema } from '#gen/millrace/state/v1/run_status_pb.ts';
import { TenantStatusSchema } from '#gen/millrace/state/v1/tenant_pb.ts';
import { enumName } from '../json/message-json.ts';
import { failureText, shellRun, shellWord } from './names.ts';
import { describeAge, describeMoment, describeSpan } from './times.ts';

/** What a blocker's text needs besides the blocker. */
interface Setting {
  readonly runId: string;
  readonly nowMs: number;
}

type Kind = Exclude<Blocker['kind'], { case: undefined }>;
/** What holds it up, and what a person can do or type about it. */
type Lines = readonly [what: string, ...more: string[]];
type Texts = { readonly [C in Kind['case']]: (value: Extract<Kind, { case: C }>['value'], setting: Setting) => Lines };

const TEXTS: Texts = {
  noWorker: noWorkerLines,
  lease: ({ lease, attempt, heartbeatTime }, { nowMs }) => [
    `worker ${lease?.workerId ?? ''} runs attempt ${attempt}` +
      `${heartbeatTime === undefined ? '' : `, last heard ${age(heartbeatTime, nowMs)}`}` +
      `${lease?.expireTime === undefined ? '' : `; its lease expires ${describeMoment(lease.expireTime, nowMs)}`}`,
  ],
  timer: ({ dueTime }, { nowMs }) => [`sleeps${moment('until', dueTime, nowMs)}`],
  signal: ({ name, untilTime, approval }, { runId, nowMs }) => [
    `waits for ${approval ? 'the approval' : 'signal'} ${name}${moment('until', untilTime, nowMs)}`,
    `millrace run signal ${shellRun(runId)} ${shellWord(name)}`,
  ],
  child: ({ runId, incarnation }) => [
    incarnation === '' ? `waits for child ${runId}, which has not started yet` : `waits for child ${runId}`,
    `millrace run explain ${shellRun(runId)}`,
  ],
  retry: ({ attempt, dueTime, failure }, { nowMs }) => [
    `attempt ${attempt} is due${moment('at', dueTime, nowMs)}`,
    ...(failure === undefined ? [] : [`the last one failed with ${failureText(failure)}`]),
  ],
  paused: ({ requestedBy, reason }, { runId }) => [
    `paused${requestedBy === '' ? '' : ` by ${requestedBy}`}${because(reason)}`,
    `millrace run resume ${shellRun(runId)}`,
  ],
  quarantined: ({ sequence, message }, { runId }) => [
    `it is quarantined${sequence === 0n ? '' : ` at event ${sequence}`}: ${message}`,
    `millrace run history ${shellRun(runId)} shows the log; another release of the state service may fold it`,
  ],
  tenant: ({ status }) => [
    `its tenant is ${enumName(TenantStatusSchema, status)} and takes no work: an administrator can make it active again`,
  ],
  limit: ({ limit, maximum, current }) => [`the limit ${limit} is reached: ${current} of ${maximum}`],
  divergence: ({ expectedStep, foundStep, sourceLocation, build }) => [
    `code and log disagree: the log has ${expectedStep} where the code came to ${foundStep}`,
    `start a worker with another build than ${build === '' ? 'the one that diverged' : build}` +
      `${sourceLocation === '' ? '' : `; see ${sourceLocation}`}`,
  ],
  deadLetter: ({ deadLetterId }) => [
    `its attempts are used up: an operator requeues or purges the dead letter ${deadLetterId}`,
  ],
  pendingControl: ({ control }) => [
    control === undefined
      ? 'a control waits until its runtime asks'
      : `${enumName(ControlKindSchema, control.kind)} by ${control.requestedBy} waits until its runtime asks${because(control.reason)}`,
  ],
  client: ({ available }) => [
    'its own runtime is to act',
    ...(available.length === 0
      ? []
      : [`tasks that can be claimed: ${available.map(({ taskId }) => taskId).join(', ')}`]),
  ],
  ended: ({ status, failure }) => [
    `it is ${enumName(RunStatusSchema, status)}${failure === undefined ? '' : `: ${failureText(failure)}`}`,
  ],
  partition: ({ partition, faulted, owner }) => [
    faulted
      ? `partition ${partition} is faulted: a record fails its checksum, and an operator has to act`
      : `partition ${partition} is not served now${owner === '' ? '' : `, although ${owner} owns it`}: it is taken over within seconds`,
  ],
};

/** A blocker as a line that a person can act on, with lines below it for what can be done or typed. */
export function blockerText({ nodePath, sinceTime, kind }: Blocker, runId: string, nowMs: number): string {
  const [what, ...more]: Lines =
    kind.case === undefined
      ? ['something newer than this program']
      : TEXTS[kind.case](kind.value as never, { runId, nowMs });
  const since = sinceTime === undefined ? '' : ` (for ${describeSpan(nowMs - timestampMs(sinceTime))})`;
  return [`- ${nodePath === '' ? '' : `${nodePath}: `}${what}${since}`, ...more.map((line) => `    ${line}`)].join(
    '\n',
  );
}

function noWorkerLines(blocker: NoWorkerBlocker): Lines {
  const { queue, tags, workflow, version, task, nearWorkers, ahead } = blocker;
  const needs = [
    `announces ${workflow} ${version}`,
    `takes from queue ${queue}`,
    ...(task === '' ? [] : [`runs task ${task}`]),
    ...(tags.length === 0 ? [] : [`has the tags ${tags.join(', ')}`]),
  ];
  return [
    `no worker takes it from queue ${queue}${ahead > 0n ? `; about ${ahead} items stand before it` : ''}`,
    `start a worker that ${needs.join(', ')}`,
    ...nearWorkers.map(nearText),
  ];
}

function nearText(near: NearWorker): string {
  const lacks = [
    ...(near.wrongQueue ? ['does not take from the queue'] : []),
    ...(near.wrongVersion ? ['does not announce the version'] : []),
    ...(near.wrongTask ? ['does not run the task'] : []),
    ...(near.missingTags.length === 0 ? [] : [`lacks the tags ${near.missingTags.join(', ')}`]),
    ...(near.noFreeSlot ? ['has no free slot'] : []),
    ...(near.draining ? ['drains'] : []),
  ];
  return `worker ${near.workerId} ${lacks.length === 0 ? 'could take it' : lacks.join(', ')}`;
}

function age(time: Timestamp, nowMs: number): string {
  return describeAge(timestampMs(time), nowMs);
}

function moment(word: string, time: Timestamp | undefined, nowMs: number): string {
  return time === undefined ? '' : ` ${word} ${describeMoment(time, nowMs)}`;
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}
