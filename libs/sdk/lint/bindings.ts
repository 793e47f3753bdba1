import type { SyntaxNode } from './syntax.ts';

/** What a name stands for. */
export interface Variable {
  readonly name: string;
  readonly scope: { readonly type: string };
  /** Where it is made. Empty: it is a global. */
  readonly defs: readonly Definition[];
  readonly references: readonly Reference[];
}

/** A place that makes a variable. */
export interface Definition {
  readonly type: string;
  readonly name: SyntaxNode;
  readonly node: SyntaxNode;
  readonly parent?: SyntaxNode | null;
}

/** A place that uses a variable. */
export interface Reference {
  readonly identifier: SyntaxNode;
  readonly resolved: Variable | null;
  /** It is the first value, in the declaration. */
  readonly init?: boolean;
  isWrite(): boolean;
}

/** The scopes of a file, as linters give them. */
export interface ScopeManager {
  readonly scopes: readonly { readonly references: readonly Reference[]; readonly variables: readonly Variable[] }[];
}

/** Which variable each identifier of a file means. */
export class Bindings {
  readonly variables: readonly Variable[];
  readonly #references: ReadonlyMap<SyntaxNode, Reference>;

  constructor({ scopes }: ScopeManager) {
    this.variables = scopes.flatMap(({ variables }) => variables);
    this.#references = new Map(
      scopes.flatMap(({ references }) => references.map((reference) => [reference.identifier, reference] as const)),
    );
  }

  /** The use that an identifier is; undefined where it is a mere name. */
  maybeReference(identifier: SyntaxNode): Reference | undefined {
    return this.#references.get(identifier);
  }

  /** What makes the variable that is used; undefined for globals, and for what is made in several places. */
  maybeDefinition(identifier: SyntaxNode): Definition | undefined {
    const defs = this.maybeReference(identifier)?.resolved?.defs ?? [];
    return defs.length === 1 ? defs[0] : undefined;
  }

  /** Whether an identifier uses what no code of the file makes. */
  isGlobal(identifier: SyntaxNode): boolean {
    const reference = this.maybeReference(identifier);
    return reference !== undefined && (reference.resolved?.defs ?? []).length === 0;
  }
}
