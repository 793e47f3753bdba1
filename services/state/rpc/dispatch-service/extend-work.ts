import type { ExtendWorkRequest, ExtendWorkResponse } from '#gen/millrace/state/v1/dispatch_service_pb.ts';
import type { UnaryHandler } from '#libs/rpc/handler.ts';
import type { StateContext } from '../context.ts';
import { DEFAULT_TTL_MS, extendLease } from '../unary-work/extend-lease.ts';
import { extendSession } from '../unary-work/extend-session.ts';
import { maybeMsFromDuration } from '../wire/duration.ts';

/**
 * DispatchService.ExtendWork: extends leases to now + ttl, those that are named and those of a session. A repeat extends
 * them anew, whatever its request id: a heartbeat that was lost is not worth an entry of the log.
 */
export function createExtendWork(context: StateContext): UnaryHandler<ExtendWorkRequest, ExtendWorkResponse> {
  return async ({ sessionId, extensions, ttl }, call) => {
    const ttlMs = maybeMsFromDuration(ttl);
    const named = extensions.map((extension, at) => extendLease(context, call, extension, ttlMs, `extensions[${at}]`));
    const ofSession =
      sessionId === ''
        ? undefined
        : extendSession(context, {
            tenantId: call.tenantId,
            sessionId,
            ttlMs: ttlMs ?? DEFAULT_TTL_MS,
            except: new Set(extensions.map(({ lease }) => lease?.itemId ?? '')),
          });
    const [results] = await Promise.all([Promise.all(named), ofSession]);
    return { $typeName: 'millrace.state.v1.ExtendWorkResponse', results };
  };
}
