import type { Bindings, Definition } from './bindings.ts';
import { isFunction, maybeChild, type SyntaxNode, unwrap } from './syntax.ts';

/**
 * The function that an expression is, or that it names in the same file: a declaration, or a constant. Undefined: it is
 * neither, or made elsewhere.
 */
export function maybeFunction(expression: SyntaxNode, bindings: Bindings): SyntaxNode | undefined {
  const node = unwrap(expression);
  if (isFunction(node)) return node;
  if (node.type !== 'Identifier') return undefined;
  const definition = bindings.maybeDefinition(node);
  if (definition?.type === 'FunctionName') return isFunction(definition.node) ? definition.node : undefined;
  const init = definition && maybeConstant(definition);
  return init !== undefined && isFunction(init) ? init : undefined;
}

/** The value that a constant is given where it is made: `const a = …`. */
export function maybeConstant({ type, name, node, parent }: Definition): SyntaxNode | undefined {
  if (type !== 'Variable' || parent?.['kind'] !== 'const' || maybeChild(node, 'id') !== name) return undefined;
  const init = maybeChild(node, 'init');
  return init && unwrap(init);
}
