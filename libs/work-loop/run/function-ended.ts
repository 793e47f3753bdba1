import { DomainError } from '#libs/errors/domain-error.ts';

/** Why an execution is over that has settled. Made once, because a stack costs more than a step. */
export const FUNCTION_ENDED: DomainError = new DomainError('CALLER_GONE', 'the function has ended');
