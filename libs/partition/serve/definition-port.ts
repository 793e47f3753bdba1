import type { DefinitionRules } from '#libs/engine/model/definition-rules.ts';

/** What a start takes from a definition. */
export interface ResolvedDefinition {
  readonly workflow: string;
  readonly version: string;
  readonly hash: string;
  readonly rules: DefinitionRules;
  /** The default queue of its items. */
  readonly queue: string;
  readonly runTimeoutMs: number | undefined;
  readonly retentionMs: number;
}

/**
 * Looks a definition up; without a version the one that a start takes.
 *
 * @throws DEFINITION_NOT_FOUND, DEFINITION_RETIRED.
 */
export type ResolveDefinition = (tenantId: string, workflow: string, version: string) => Promise<ResolvedDefinition>;
