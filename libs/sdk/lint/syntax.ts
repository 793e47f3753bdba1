/** A node of the syntax tree, the same from oxlint and from the parsers of ESLint. */
export interface SyntaxNode {
  readonly type: string;
  readonly range: readonly [start: number, end: number];
  readonly loc: { readonly start: { readonly line: number } };
  readonly parent?: SyntaxNode | null;
  readonly [field: string]: unknown;
}

/** Expressions that are another one, with something round it. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'ChainExpression',
  'ParenthesizedExpression',
  'TSAsExpression',
  'TSInstantiationExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
]);

/** The node in a field; undefined where there is none. */
export function maybeChild(node: SyntaxNode, field: string): SyntaxNode | undefined {
  const value = node[field];
  return isNode(value) ? value : undefined;
}

/** The nodes in a field that has a list. Holes are left out. */
export function childrenOf(node: SyntaxNode, field: string): readonly SyntaxNode[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The expression without what types and parentheses put round it. */
export function unwrap(node: SyntaxNode): SyntaxNode {
  const inner = WRAPPERS.has(node.type) ? maybeChild(node, 'expression') : undefined;
  return inner === undefined ? node : unwrap(inner);
}

/** Whether a node is about types alone. */
export function isType({ type }: SyntaxNode): boolean {
  return type.startsWith('TS') && !WRAPPERS.has(type);
}

/** Whether a node is a function of any form. */
export function isFunction({ type }: SyntaxNode): boolean {
  return type === 'ArrowFunctionExpression' || type === 'FunctionExpression' || type === 'FunctionDeclaration';
}

/** The name of an identifier; undefined for all other nodes. */
export function maybeName(node: SyntaxNode | undefined): string | undefined {
  return node?.type === 'Identifier' && typeof node['name'] === 'string' ? node['name'] : undefined;
}

/** The text of a string literal; undefined for all other nodes. */
export function maybeText(node: SyntaxNode | undefined): string | undefined {
  return node?.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined;
}

/** The name of a property in `a.b`, `a['b']` or `{ b: … }`; undefined where it is computed. */
export function maybeKey(node: SyntaxNode, field: 'property' | 'key'): string | undefined {
  const key = maybeChild(node, field);
  return maybeText(key) ?? (node['computed'] === true ? undefined : maybeName(key));
}

/** Whether a node stands within another one, or is that one. */
export function isWithin(node: SyntaxNode, outer: SyntaxNode): boolean {
  return node.range[0] >= outer.range[0] && node.range[1] <= outer.range[1];
}

/** Whether a value of a node's field is a node itself. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
