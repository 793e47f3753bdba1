import type { Rejection } from '../model/rejection.ts';
import type { RunStatus } from '../model/status.ts';
import { isTerminal } from '../model/status.ts';

/** What a start does when its id is in use. */
export type ConflictPolicy = 'FAIL' | 'USE_EXISTING' | 'TERMINATE_EXISTING';

/** What is known of the newest incarnation under an id, from memory or from its head row. */
export interface ExistingRun {
  readonly incarnation: string;
  readonly definitionHash: string;
  readonly status: RunStatus;
}

/** What a start says about the id. */
export interface StartTerms {
  readonly definitionHash: string;
  readonly policy: ConflictPolicy;
  readonly allowNewDefinition: boolean;
}

/** What becomes of a start and of the run that has its id. */
export type ConflictOutcome =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'existing' }
  | {
      readonly kind: 'replace';
      readonly incarnation: string;
      /** The old incarnation is open: it is terminated first. */
      readonly terminate: boolean;
    }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/**
 * What a start does to the run that has its id, if any [39, 40]. Another definition hash is looked at before the policy:
 * only TERMINATE_EXISTING that allows a new definition gets past it.
 */
export function decideConflict(existing: ExistingRun | undefined, terms: StartTerms): ConflictOutcome {
  if (existing === undefined) return { kind: 'fresh' };
  const replaces = terms.policy === 'TERMINATE_EXISTING';
  if (existing.definitionHash !== terms.definitionHash && !(replaces && terms.allowNewDefinition)) {
    const metadata = { expected: terms.definitionHash, found: existing.definitionHash };
    return { kind: 'rejected', rejection: { reason: 'DEFINITION_MISMATCH', metadata } };
  }
  switch (terms.policy) {
    case 'FAIL':
      return { kind: 'rejected', rejection: { reason: 'RUN_EXISTS', metadata: { state: existing.status } } };
    case 'USE_EXISTING':
      return { kind: 'existing' };
    case 'TERMINATE_EXISTING':
      return { kind: 'replace', incarnation: existing.incarnation, terminate: !isTerminal(existing.status) };
  }
}
