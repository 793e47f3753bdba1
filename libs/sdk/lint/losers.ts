import type { Bindings } from './bindings.ts';
import type { Contexts } from './contexts.ts';
import type { Finding } from './findings.ts';
import { maybeConstant } from './functions.ts';
import { childrenOf, type SyntaxNode } from './syntax.ts';

/** What is needed to look into expressions. */
export interface Surroundings {
  readonly bindings: Bindings;
  readonly contexts: Contexts;
  /** All nodes within a node, one level down. */
  readonly partsOf: (node: SyntaxNode) => readonly SyntaxNode[];
}

/** A promise by way of more names than this is nobody's plain code. */
const MAX_NAMES = 4;

const INSTEAD: ReadonlyMap<string, Finding> = new Map([
  ['Promise.race', { message: 'losers', instead: 'ctx.race()' }],
  ['Promise.any', { message: 'losers', instead: 'ctx.any()' }],
]);

/** What `Promise.race` or `Promise.any` is when a call of a context takes part; undefined for all other calls. */
export function maybeLosersFinding(origin: string, call: SyntaxNode, surroundings: Surroundings): Finding | undefined {
  const finding = INSTEAD.get(origin);
  if (finding === undefined) return undefined;
  return childrenOf(call, 'arguments').some((given) => hasContextCall(given, surroundings, MAX_NAMES))
    ? finding
    : undefined;
}

function hasContextCall(node: SyntaxNode, surroundings: Surroundings, names: number): boolean {
  const { bindings, contexts, partsOf } = surroundings;
  if (contexts.maybeCall(node) !== undefined) return true;
  // What is awaited before takes no part any more.
  if (node.type === 'AwaitExpression') return false;
  if (node.type === 'Identifier') {
    const definition = bindings.maybeDefinition(node);
    const constant = definition && maybeConstant(definition);
    return constant !== undefined && names > 0 && hasContextCall(constant, surroundings, names - 1);
  }
  return partsOf(node).some((part) => hasContextCall(part, surroundings, names));
}
