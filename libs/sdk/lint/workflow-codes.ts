import type { Bindings, Variable } from './bindings.ts';
import { maybeFunction } from './functions.ts';
import { maybeOrigin } from './origin.ts';
import { childrenOf, maybeChild, maybeText, type SyntaxNode } from './syntax.ts';

/** Whether a file imports anything from `millrace`; all others have no workflows that can be known. */
export function importsMillrace(program: SyntaxNode): boolean {
  return childrenOf(program, 'body').some(
    (statement) => statement.type === 'ImportDeclaration' && maybeText(maybeChild(statement, 'source')) === 'millrace',
  );
}

/** The functions that a file makes workflows of, by whatever name it knows `workflow` of `millrace`. */
export function workflowCodes(bindings: Bindings): readonly SyntaxNode[] {
  return bindings.variables.filter(isOfMillrace).flatMap(({ references }) =>
    references.flatMap(({ identifier }) => {
      const call = maybeCallOf(identifier);
      const callee = call && maybeChild(call, 'callee');
      if (call === undefined || callee === undefined) return [];
      const code = childrenOf(call, 'arguments')[1];
      const body = code && maybeOrigin(callee, bindings) === 'millrace:workflow' && maybeFunction(code, bindings);
      return body ? [body] : [];
    }),
  );
}

function isOfMillrace({ defs: [definition] }: Variable): boolean {
  return definition?.type === 'ImportBinding' && maybeText(definition.parent?.['source'] as SyntaxNode) === 'millrace';
}

/** The call in `name(…)` or `name.workflow(…)`. */
function maybeCallOf(identifier: SyntaxNode): SyntaxNode | undefined {
  const { parent } = identifier;
  const call = parent?.type === 'MemberExpression' ? parent.parent : parent;
  return call?.type === 'CallExpression' ? call : undefined;
}
