import { create } from '@bufbuild/protobuf';
import { BlockerSchema } from '#gen/millrace/state/v1/blocker_pb.ts';
import type { Lease } from '#libs/engine/model/lease.ts';
import { HEARTBEAT_LEASE_MS } from '#libs/partition/runs/next-time.ts';
import { leaseToProto } from '../wire/lease.ts';
import { maybeTimestampFromTime, timestampFromTime } from '../wire/timestamp.ts';
import type { ExplainScope } from './explain-scope.ts';
import { maybeHeardTime } from './heard-time.ts';
import { momentOf, quoted, type Reason, SEVERITY, subjectOf } from './reason.ts';
import type { SeenItem } from './run-sight.ts';

/** A worker that is alive says so every ten seconds. */
const SILENT_AFTER_MS = 20_000;

/** That a worker has an item: until when, and when it was last heard. */
export function leaseReason({ context, sight, nowMs }: ExplainScope, { path, item }: SeenItem, lease: Lease): Reason {
  const session = context.node.dispatch.maybeSession(lease.sessionId);
  const heardTime = session === undefined ? undefined : maybeHeardTime(session, context);
  const isSilent = keptByHeartbeats(lease) && nowMs - (heardTime ?? 0) > SILENT_AFTER_MS;
  const isGone = keptByHeartbeats(lease) && session?.link === undefined;
  return {
    severity: isSilent || isGone ? SEVERITY.silentWorker : SEVERITY.lease,
    blocker: create(BlockerSchema, {
      nodePath: path,
      sinceTime: timestampFromTime(lease.leaseTime),
      kind: {
        case: 'lease',
        value: {
          lease: leaseToProto(lease, sight.hot.identity, path),
          attempt: item.attempt,
          heartbeatTime: maybeTimestampFromTime(heardTime),
        },
      },
    }),
    words: wordsOf(lease, {
      what: subjectOf(path),
      attempt: item.attempt,
      isGone,
      isSilent,
      heardTime,
      silentMs: session === undefined ? 0 : Math.max(0, context.node.clock.monotonic() - session.heardMs),
      nowMs,
    }),
  };
}

function keptByHeartbeats({ expireTime, noExpiry }: Lease): boolean {
  return expireTime === undefined && !noExpiry;
}

interface Holder {
  readonly what: string;
  readonly attempt: number;
  readonly isGone: boolean;
  readonly isSilent: boolean;
  readonly heardTime: number | undefined;
  /** Who is not known here has a whole lease from the moment at which this node took over. */
  readonly silentMs: number;
  readonly nowMs: number;
}

function wordsOf({ workerId, leaseTime, expireTime, noExpiry }: Lease, holder: Holder): string {
  const { what, attempt, isGone, isSilent, heardTime, silentMs, nowMs } = holder;
  const worker = `worker ${quoted(workerId)}`;
  const since = momentOf(leaseTime);
  if (noExpiry) return `${worker} has had ${what} since ${since} and never loses it; release it by force if it is gone`;
  if (expireTime !== undefined)
    return `${worker} has ${what} until ${momentOf(expireTime)}, unless it extends its lease`;
  const heard = heardTime === undefined ? '' : `, last heard at ${momentOf(heardTime)}`;
  const end = momentOf(nowMs - silentMs + HEARTBEAT_LEASE_MS);
  if (isGone) return `${worker}${heard}, has ${what} and is not connected; it loses it at ${end} unless it comes back`;
  if (isSilent) return `${worker}${heard}, has ${what} and says nothing; it loses it at ${end}`;
  return `${worker}${heard}, has been at attempt ${attempt} of ${what} since ${since}`;
}
