import type { Reference } from './bindings.ts';
import { isFunction, isWithin, maybeChild, type SyntaxNode } from './syntax.ts';

/** Assignments that write what is not there yet, or leave it. */
const FILLS: ReadonlySet<unknown> = new Set(['??=', '||=', '&&=']);

/** Whether a use of a name writes a variable of the module, other than to fill it once. */
export function writesModuleState(reference: Reference): boolean {
  const { resolved, init } = reference;
  const definition = resolved?.defs[0];
  if (resolved === null || definition?.type !== 'Variable' || init === true || !reference.isWrite()) return false;
  const isOfModule = resolved.scope.type === 'module' || resolved.scope.type === 'global';
  const kind = definition.parent?.['kind'];
  return isOfModule && (kind === 'let' || kind === 'var') && !fills(reference);
}

/** Whether a write is that of a value made at its first use: `a ??= …`, or `if (a === undefined) a = …`. */
function fills({ identifier, resolved }: Reference): boolean {
  const { parent } = identifier;
  if (parent?.type === 'AssignmentExpression' && FILLS.has(parent['operator'])) return true;
  const uses = resolved?.references ?? [];
  for (let node: SyntaxNode | null | undefined = parent; node && !isFunction(node); node = node.parent) {
    const test = maybeChild(node, node.type === 'LogicalExpression' ? 'left' : 'test');
    const isTest = test !== undefined && !isWithin(identifier, test) && node.type !== 'ForStatement';
    if (isTest && uses.some((use) => isWithin(use.identifier, test))) return true;
  }
  return false;
}
