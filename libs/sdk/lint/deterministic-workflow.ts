import { Bindings, type ScopeManager } from './bindings.ts';
import { MESSAGES } from './findings.ts';
import type { SyntaxNode } from './syntax.ts';
import { importsMillrace, workflowCodes } from './workflow-codes.ts';
import { WorkflowScan } from './workflow-scan.ts';

/** What a linter gives a rule. What this one uses of it has other types in each linter. */
export interface RuleContext {
  readonly id: string;
}

/** A rule, as ESLint and oxlint load it. */
export interface Rule {
  readonly meta: {
    readonly type: 'problem';
    readonly docs: { readonly description: string };
    readonly schema: [];
    readonly messages: Record<string, string>;
  };
  create(context: RuleContext): { 'Program:exit'(program: unknown): void };
}

/**
 * Finds what makes a replay of a workflow go another way: clocks, randomness, timers, the environment, I/O and variables of
 * the module between the steps of a function that is given to `workflow` of `millrace`.
 */
export const deterministicWorkflow: Rule = {
  meta: {
    type: 'problem',
    docs: { description: 'keeps clocks, randomness and I/O out of what a workflow does between its steps' },
    schema: [],
    messages: { ...MESSAGES },
  },
  create: (context) => ({ 'Program:exit': (program) => check(program as SyntaxNode, context as LinterContext) }),
};

/** What is used of a linter, by the names that oxlint and ESLint share. */
interface LinterContext extends RuleContext {
  readonly sourceCode: {
    readonly scopeManager: ScopeManager | null;
    readonly visitorKeys: Readonly<Record<string, readonly string[]>>;
    getText(node: SyntaxNode): string;
  };
  report(report: {
    readonly node: SyntaxNode;
    readonly messageId: keyof typeof MESSAGES;
    readonly data: Readonly<Record<string, string>>;
  }): void;
}

function check(program: SyntaxNode, context: LinterContext): void {
  const { sourceCode } = context;
  const { scopeManager, visitorKeys } = sourceCode;
  if (scopeManager === null || !importsMillrace(program)) return;
  const bindings = new Bindings(scopeManager);
  const file = { visitorKeys, textOf: (node: SyntaxNode) => sourceCode.getText(node) };
  const scan = new WorkflowScan(file, bindings, ({ node, message, what, instead, via }) =>
    context.report({ node, messageId: message, data: { what, instead, via } }),
  );
  for (const code of workflowCodes(bindings)) scan.scan(code);
}
