import type { StartRun } from '#libs/engine/commands/start-run.ts';
import { decideConflict, type StartTerms } from '#libs/engine/decide/conflict.ts';
import type { DefinitionRules } from '#libs/engine/model/definition-rules.ts';
import type { Rejection } from '#libs/engine/model/rejection.ts';
import type { Driver } from '#libs/engine/model/status.ts';
import { DomainError } from '#libs/errors/domain-error.ts';
import { pastExpireTime } from '../rows/run-rows.ts';
import type { HotRun } from '../runs/hot-run.ts';
import type { StartFacts } from '../runs/start-facts.ts';
import type { PartitionState } from '../state/partition-state.ts';
import { keepStart } from './kept-starts.ts';
import type { RunVisit } from './run-visit.ts';
import { deliverUnborn } from './unborn-signals.ts';

/** A start, with everything known that it needs. */
export interface StartOrder {
  readonly terms: Omit<StartTerms, 'definitionHash'>;
  readonly driver: Driver;
  readonly rules: DefinitionRules;
  readonly start: StartFacts;
  /** Which incarnation it replaces is not known yet. */
  readonly command: StartRun;
  /** A UUIDv7 of a time. */
  readonly newIncarnation: (now: number) => string;
}

/** What a start did. */
export type StartOutcome =
  /** There is a fresh incarnation; or there was one of the very same request. */
  | { readonly kind: 'started'; readonly hot: HotRun }
  | { readonly kind: 'existing'; readonly hot: HotRun }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/**
 * Starts a run in a visit to its id. [39–41]
 *
 * @throws REQUEST_ID_REUSED for a request that was made before with other arguments.
 */
export function startRun(visit: RunVisit, state: PartitionState, order: StartOrder): StartOutcome {
  const { hot: found } = visit;
  if (found !== undefined && isRepeated(found, order.start)) return { kind: 'started', hot: found };
  const existing =
    found === undefined
      ? undefined
      : {
          incarnation: found.identity.incarnation,
          definitionHash: found.run.definitionHash,
          status: found.run.status,
        };
  const { policy, allowNewDefinition } = order.terms;
  const terms = { policy, allowNewDefinition, definitionHash: order.command.definitionHash };
  const outcome = decideConflict(existing, terms);
  if (outcome.kind === 'rejected') return outcome;
  if (outcome.kind === 'existing' && found !== undefined) return { kind: 'existing', hot: found };
  if (outcome.kind === 'replace' && outcome.terminate) {
    const { requestedBy } = order.command;
    visit.perform({ kind: 'terminateRun', requestedBy, reason: 'another run takes its place' });
  }
  const command =
    outcome.kind === 'replace' ? { ...order.command, replacedIncarnation: outcome.incarnation } : order.command;
  const { driver, rules, start } = order;
  const incarnation = order.newIncarnation(visit.now);
  const result = visit.start({ incarnation, driver, rules, start, command });
  if (result.kind === 'rejected') return result;
  if (found !== undefined) keepStart(visit, found, pastExpireTime(found));
  deliverUnborn(visit, state);
  return { kind: 'started', hot: visit.hot as HotRun };
}

function isRepeated(found: HotRun, { request }: StartFacts): boolean {
  const known = found.start.request;
  if (request === undefined || known?.requestId !== request.requestId) return false;
  if (Buffer.compare(known.argumentsHash, request.argumentsHash) === 0) return true;
  throw new DomainError('REQUEST_ID_REUSED', 'the request id was used with other arguments', {
    metadata: { request_id: request.requestId },
  });
}
