import type { Bindings, Definition } from './bindings.ts';
import { childrenOf, maybeChild, maybeKey, maybeName, maybeText, type SyntaxNode, unwrap } from './syntax.ts';

/** A name by way of more names than this is nobody's plain code. */
const MAX_DEPTH = 8;
/** Names of the global object. */
const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(['globalThis', 'global', 'window', 'self']);
/** Modules whose exports are globals too, with the path of the global that the module itself is. */
const GLOBAL_MODULES: ReadonlyMap<string, readonly string[]> = new Map([
  ['process', ['process']],
  ['crypto', ['crypto']],
  ['timers', []],
  ['perf_hooks', []],
]);

/** Where a value comes from: a path of names from a module, or from the global object. */
interface Origin {
  /** Undefined: the global object. */
  readonly module: string | undefined;
  readonly path: readonly string[];
}

/**
 * Where an expression's value plainly comes from: `Date.now` of a global, `fs:readFile` of a module, whatever it is called
 * in the file. Modules of Node have no `node:`, and the main export of a module has no name: `got:`. Undefined: it is not
 * plain, or the file makes it itself.
 */
export function maybeOrigin(expression: SyntaxNode, bindings: Bindings): string | undefined {
  const origin = trace(expression, bindings, MAX_DEPTH);
  if (origin === undefined) return undefined;
  const { module, path } = origin;
  if (module === undefined) return plainGlobal(path);
  const name = module.replace(/^node:/, '');
  const names = path[0] === 'default' ? path.slice(1) : path;
  const asGlobal = GLOBAL_MODULES.get(name);
  return asGlobal === undefined ? `${name}:${names.join('.')}` : plainGlobal([...asGlobal, ...names]);
}

function plainGlobal(path: readonly string[]): string {
  const [first = '', ...rest] = path;
  if (rest.length > 0 && GLOBAL_OBJECTS.has(first)) return plainGlobal(rest);
  return path.join('.').replace(/^crypto\.webcrypto\./, 'crypto.');
}

function trace(expression: SyntaxNode, bindings: Bindings, depth: number): Origin | undefined {
  if (depth === 0) return undefined;
  const node = unwrap(expression);
  switch (node.type) {
    case 'Identifier': {
      if (bindings.isGlobal(node)) return { module: undefined, path: [maybeName(node) ?? ''] };
      const definition = bindings.maybeDefinition(node);
      return definition && traceDefinition(definition, bindings, depth - 1);
    }
    case 'MemberExpression': {
      const object = maybeChild(node, 'object');
      return object && extend(trace(object, bindings, depth - 1), maybeKey(node, 'property'));
    }
    case 'AwaitExpression': {
      const imported = maybeChild(node, 'argument');
      return imported?.type === 'ImportExpression' ? moduleOf(maybeChild(imported, 'source')) : undefined;
    }
    case 'CallExpression':
      return traceCall(node, bindings, depth - 1);
    default:
      return undefined;
  }
}

function traceDefinition({ type, name, node, parent }: Definition, bindings: Bindings, depth: number) {
  if (type === 'ImportBinding') {
    const origin = moduleOf(parent === undefined || parent === null ? undefined : maybeChild(parent, 'source'));
    if (node.type === 'ImportNamespaceSpecifier') return origin;
    if (node.type === 'ImportDefaultSpecifier') return extend(origin, 'default');
    const imported = maybeChild(node, 'imported');
    return extend(origin, maybeName(imported) ?? maybeText(imported));
  }
  if (type !== 'Variable' || parent?.['kind'] !== 'const') return undefined;
  const target = maybeChild(node, 'id');
  const init = maybeChild(node, 'init');
  if (target === undefined || init === undefined) return undefined;
  if (target === name) return trace(init, bindings, depth);
  const property = childrenOf(target, 'properties').find((one) => maybeChild(one, 'value') === name);
  return property && extend(trace(init, bindings, depth), maybeKey(property, 'key'));
}

/** `require('fs')`, and `promisify(setTimeout)`, which is what it promisifies. */
function traceCall(call: SyntaxNode, bindings: Bindings, depth: number): Origin | undefined {
  const callee = maybeChild(call, 'callee');
  const argument = childrenOf(call, 'arguments')[0];
  if (callee === undefined || argument === undefined) return undefined;
  const origin = trace(callee, bindings, depth);
  if (origin?.module === undefined) return origin?.path.join('.') === 'require' ? moduleOf(argument) : undefined;
  const isPromisify = /^(node:)?util$/.test(origin.module) && origin.path.at(-1) === 'promisify';
  return isPromisify ? trace(argument, bindings, depth) : undefined;
}

function moduleOf(source: SyntaxNode | undefined): Origin | undefined {
  const module = maybeText(source);
  return module === undefined ? undefined : { module, path: [] };
}

function extend(origin: Origin | undefined, name: string | undefined): Origin | undefined {
  return origin === undefined || name === undefined ? undefined : { ...origin, path: [...origin.path, name] };
}
