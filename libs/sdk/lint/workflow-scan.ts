import type { Bindings } from './bindings.ts';
import { callsInto } from './calls-into.ts';
import { Contexts } from './contexts.ts';
import {
  type Finding,
  MODULE_STATE,
  maybeCallFinding,
  maybeConstructionFinding,
  maybeReadFinding,
} from './findings.ts';
import { maybeLosersFinding, type Surroundings } from './losers.ts';
import { writesModuleState } from './module-state.ts';
import { maybeOrigin } from './origin.ts';
import { childrenOf, isFunction, isNode, isType, isWithin, maybeChild, type SyntaxNode } from './syntax.ts';

/** A file as a linter gives it. */
export interface LintedFile {
  /** The fields of each type of node that have nodes. */
  readonly visitorKeys: Readonly<Record<string, readonly string[]>>;
  textOf(node: SyntaxNode): string;
}

/** Something that may not stand where it does. */
export interface Found extends Finding {
  readonly node: SyntaxNode;
  /** The code, for people. */
  readonly what: string;
  /** How the workflow comes to it; empty where it stands in the workflow itself. */
  readonly via: string;
}

/**
 * Goes through what a workflow runs between its steps: its function, and the functions of the file that it plainly calls. A
 * function within it is entered only where it is called, so that the code of steps is never come to.
 */
export class WorkflowScan {
  readonly #bindings: Bindings;
  readonly #contexts: Contexts;
  readonly #surroundings: Surroundings;
  readonly #file: LintedFile;
  readonly #onFound: (found: Found) => void;
  readonly #entered = new Set<SyntaxNode>();
  readonly #reported = new Set<SyntaxNode>();
  #workflow: SyntaxNode | undefined;
  /** The call in the workflow by which what is gone through was come to. */
  #via: SyntaxNode | undefined;

  constructor(file: LintedFile, bindings: Bindings, onFound: (found: Found) => void) {
    this.#bindings = bindings;
    this.#contexts = new Contexts(bindings);
    this.#file = file;
    this.#onFound = onFound;
    this.#surroundings = {
      bindings,
      contexts: this.#contexts,
      partsOf: (node) => partsOf(node, file.visitorKeys[node.type]),
    };
  }

  /** Goes through the function of a workflow. */
  scan(code: SyntaxNode): void {
    this.#workflow = code;
    this.#enter(code, [0]);
  }

  #enter(code: SyntaxNode, contextPlaces: readonly number[]): void {
    const added = contextPlaces.filter((index) => this.#contexts.add(code, index));
    if (this.#entered.has(code) && added.length === 0) return;
    this.#entered.add(code);
    for (const parameter of childrenOf(code, 'params')) this.#visit(parameter);
    const body = maybeChild(code, 'body');
    if (body !== undefined) this.#visit(body);
  }

  #visit(node: SyntaxNode): void {
    if (isType(node) || isFunction(node) || node.type.startsWith('Class')) return;
    switch (node.type) {
      case 'CallExpression':
        if (this.#contexts.isLogCall(node)) return;
        this.#visitCall(node);
        break;
      case 'NewExpression':
        this.#visitCall(node);
        break;
      case 'MemberExpression':
        this.#visitRead(node);
        break;
      case 'Identifier':
        this.#visitName(node);
        break;
    }
    for (const part of this.#surroundings.partsOf(node)) this.#visit(part);
  }

  #visitCall(call: SyntaxNode): void {
    const callee = maybeChild(call, 'callee');
    const origin = callee && maybeOrigin(callee, this.#bindings);
    if (callee !== undefined && origin !== undefined) {
      const isNew = call.type === 'NewExpression';
      const finding = isNew
        ? maybeConstructionFinding(origin, childrenOf(call, 'arguments').length)
        : (maybeCallFinding(origin) ?? maybeLosersFinding(origin, call, this.#surroundings));
      if (finding !== undefined) this.#report(call, `${isNew ? 'new ' : ''}${this.#textOf(callee)}()`, finding);
    }
    for (const { value, code, contexts } of callsInto(call, this.#bindings, this.#contexts)) {
      if (code !== undefined) this.#enterBy(call, code, contexts);
      else this.#visitGiven(value);
    }
  }

  /** A value that is called although no call of it is seen: `list.map(Math.random)`. */
  #visitGiven(value: SyntaxNode): void {
    const origin = maybeOrigin(value, this.#bindings);
    const finding = origin === undefined ? undefined : maybeCallFinding(origin);
    if (finding !== undefined) this.#report(value, `${this.#textOf(value)}()`, finding);
  }

  #enterBy(call: SyntaxNode, code: SyntaxNode, contexts: readonly number[]): void {
    const before = this.#via;
    if (before === undefined && this.#workflow !== undefined && !isWithin(code, this.#workflow)) this.#via = call;
    this.#enter(code, contexts);
    this.#via = before;
  }

  #visitName(identifier: SyntaxNode): void {
    const reference = this.#bindings.maybeReference(identifier);
    if (reference === undefined) return;
    if (writesModuleState(reference)) this.#report(identifier, this.#textOf(identifier), MODULE_STATE);
    else if (this.#bindings.maybeDefinition(identifier)?.type === 'ImportBinding') this.#visitRead(identifier);
  }

  #visitRead(expression: SyntaxNode): void {
    const origin = maybeOrigin(expression, this.#bindings);
    const finding = origin === undefined ? undefined : maybeReadFinding(origin);
    if (finding !== undefined) this.#report(expression, this.#textOf(expression), finding);
  }

  #report(node: SyntaxNode, what: string, finding: Finding): void {
    if (this.#reported.has(node)) return;
    this.#reported.add(node);
    const callee = this.#via && maybeChild(this.#via, 'callee');
    const via =
      this.#via === undefined || callee === undefined
        ? ''
        : ` (the workflow comes here by ${this.#textOf(callee)}() on line ${this.#via.loc.start.line})`;
    this.#onFound({ ...finding, node, what, via });
  }

  #textOf(node: SyntaxNode): string {
    return this.#file.textOf(node).replace(/\s+/g, ' ');
  }
}

function partsOf(node: SyntaxNode, fields: readonly string[] = []): readonly SyntaxNode[] {
  return fields.flatMap((field) => {
    const value = node[field];
    return isNode(value) ? [value] : childrenOf(node, field);
  });
}
