import { deterministicWorkflow, type Rule } from './deterministic-workflow.ts';

/** A plugin, as oxlint (`jsPlugins`) and ESLint 9 load it: by default export. */
interface Plugin {
  readonly meta: { readonly name: string };
  readonly rules: Record<string, Rule>;
}

const plugin: Plugin = {
  meta: { name: 'millrace' },
  rules: { 'deterministic-workflow': deterministicWorkflow },
};

export default plugin;
