import type { Bindings } from './bindings.ts';
import type { Contexts } from './contexts.ts';
import { maybeFunction } from './functions.ts';
import { maybeOrigin } from './origin.ts';
import { childrenOf, isFunction, maybeChild, maybeKey, type SyntaxNode, unwrap } from './syntax.ts';

/** A function that a call surely runs, there and then. */
export interface CallInto {
  /** What is run, as it stands in the call. */
  readonly value: SyntaxNode;
  /** Its function, where the file has it. */
  readonly code: SyntaxNode | undefined;
  /** Which of its parameters are contexts. */
  readonly contexts: readonly number[];
}

/** Methods of arrays and promises that run their first argument; what else has them is not seen in workflows. */
const RUNS_FIRST: ReadonlySet<string> = new Set([
  'map',
  'flatMap',
  'forEach',
  'filter',
  'some',
  'every',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'reduce',
  'reduceRight',
  'sort',
  'toSorted',
  'then',
  'catch',
  'finally',
]);
/** What else runs an argument, and which. */
const RUNS: ReadonlyMap<string, number> = new Map([
  ['Promise', 0],
  ['queueMicrotask', 0],
  ['Array.from', 1],
  ['Object.groupBy', 1],
  ['Map.groupBy', 1],
]);

/**
 * The functions that a call surely runs, so that what they do is done by the code round it: a function of the same file that
 * is called, callbacks of arrays and promises, branches. A function that is given to anything else may be run in a step, as
 * that of `ctx.step` is, and is left alone.
 */
export function callsInto(call: SyntaxNode, bindings: Bindings, contexts: Contexts): CallInto[] {
  const callee = maybeChild(call, 'callee');
  if (callee === undefined) return [];
  const given = childrenOf(call, 'arguments');
  const into = (value: SyntaxNode | undefined, ...contextPlaces: number[]): CallInto[] =>
    value === undefined ? [] : [{ value, code: maybeFunction(value, bindings), contexts: contextPlaces }];

  const waited = contexts.maybeCall(call);
  if (waited === 'all') return into(given[1], 0);
  if (waited === 'race' || waited === 'any') return branchesOf(given[0]).flatMap((branch) => into(branch, 0));
  if (waited !== undefined) return [];

  if (call.type === 'CallExpression' && maybeFunction(callee, bindings) !== undefined) {
    return into(callee, ...given.flatMap((argument, index) => (contexts.isContext(argument) ? [index] : [])));
  }
  const origin = maybeOrigin(callee, bindings);
  const place = origin === undefined ? undefined : RUNS.get(origin);
  if (place !== undefined) return into(given[place]);
  const member = unwrap(callee);
  const method = member.type === 'MemberExpression' ? maybeKey(member, 'property') : undefined;
  if (method === undefined || !RUNS_FIRST.has(method)) return [];
  return [...into(given[0]), ...(method === 'then' ? into(given[1]) : [])];
}

/** The branches in `[a, b]`, or the one that is made for all of `list.map((item) => branch)`. */
function branchesOf(branches: SyntaxNode | undefined): readonly SyntaxNode[] {
  if (branches === undefined) return [];
  const list = unwrap(branches);
  if (list.type === 'ArrayExpression') return childrenOf(list, 'elements');
  const make = list.type === 'CallExpression' ? childrenOf(list, 'arguments')[0] : undefined;
  const made = make?.type === 'ArrowFunctionExpression' ? maybeChild(make, 'body') : undefined;
  return made !== undefined && isFunction(made) ? [made] : [];
}
