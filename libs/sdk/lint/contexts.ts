import type { Bindings, Variable } from './bindings.ts';
import { maybeConstant } from './functions.ts';
import { childrenOf, maybeChild, maybeKey, maybeName, type SyntaxNode, unwrap } from './syntax.ts';

/** Calls of a context that are waited for. */
const WAITED: ReadonlySet<string> = new Set(
  'step sleep sleepUntil waitFor child all race any set attributes now random uuid'.split(' '),
);

/** Which names of a file are contexts of workflows and of their branches. */
export class Contexts {
  readonly #bindings: Bindings;
  readonly #parameters = new Map<SyntaxNode, Variable>();
  readonly #known = new Set<Variable>();

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
    for (const variable of bindings.variables) {
      for (const { type, name } of variable.defs) if (type === 'Parameter') this.#parameters.set(name, variable);
    }
  }

  /** Takes a parameter of a function for a context. False: it is known, or there is none of that place. */
  add(code: SyntaxNode, index: number): boolean {
    const parameter = childrenOf(code, 'params')[index];
    const variable = parameter && this.#parameters.get(parameter);
    if (variable === undefined || this.#known.has(variable)) return false;
    this.#known.add(variable);
    return true;
  }

  /** Whether an expression is a context. */
  isContext(expression: SyntaxNode): boolean {
    const node = unwrap(expression);
    const variable = node.type === 'Identifier' ? this.#bindings.maybeReference(node)?.resolved : undefined;
    if (variable === undefined || variable === null) return false;
    if (this.#known.has(variable)) return true;
    const [definition] = variable.defs;
    if (definition === undefined) return false;
    if (definition.type === 'Parameter') return typeNameOf(definition.name) === 'WorkflowContext';
    const constant = maybeConstant(definition);
    return constant !== undefined && constant.type === 'Identifier' && this.isContext(constant);
  }

  /** The name of the call of a context that an expression makes, such as `step`; undefined for all others. */
  maybeCall(expression: SyntaxNode): string | undefined {
    const callee = expression.type === 'CallExpression' ? maybeChild(expression, 'callee') : undefined;
    const member = callee && unwrap(callee);
    const object = member?.type === 'MemberExpression' ? maybeChild(member, 'object') : undefined;
    if (member === undefined || object === undefined || !this.isContext(object)) return undefined;
    const name = maybeKey(member, 'property');
    return name !== undefined && WAITED.has(name) ? name : undefined;
  }

  /** Whether an expression writes a line of the log, as `ctx.log.info(…)` does. */
  isLogCall(call: SyntaxNode): boolean {
    const callee = maybeChild(call, 'callee');
    const log = callee?.type === 'MemberExpression' ? maybeChild(callee, 'object') : undefined;
    const object = log?.type === 'MemberExpression' ? maybeChild(log, 'object') : undefined;
    return log !== undefined && object !== undefined && maybeKey(log, 'property') === 'log' && this.isContext(object);
  }
}

/** `Type` in `name: Type`. */
function typeNameOf(parameter: SyntaxNode): string | undefined {
  const annotation = maybeChild(parameter, 'typeAnnotation');
  const type = annotation && maybeChild(annotation, 'typeAnnotation');
  return type && maybeName(maybeChild(type, 'typeName'));
}
