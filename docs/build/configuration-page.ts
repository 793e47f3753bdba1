import { renderMarkdown } from '#libs/config/markdown.ts';
import { DEV_CONFIG } from '#services/dev/config.ts';
import { REGISTRY_CONFIG } from '#services/registry/config.ts';
import { STATE_CONFIG } from '#services/state/config.ts';
import { WORKER_CONFIG } from '#services/worker/config.ts';

/** Every setting of every service, from the services' own tables. */
export function renderConfigurationPage(): string {
  return `# Configuration

Every setting is an environment variable and an option; the option wins, and an empty variable counts as not set. What is
wrong is named in one line, with the exit code 2. A variable that begins with \`MILLRACE_\` and that no service knows is
wrong too. Variables of the other services are left alone, so that all can share one environment, and so are those of the
command line (\`MILLRACE_ADDRESS\` and \`MILLRACE_TENANT\`), those that Kubernetes injects
(\`MILLRACE_*_SERVICE_*\` and \`MILLRACE_*_PORT*\`) and those of the tests (\`MILLRACE_REQUIRE_SERVERS\` and
\`MILLRACE_SERVERS_DIR\`).

${renderMarkdown(DEV_CONFIG)}
${renderMarkdown(STATE_CONFIG)}
${renderMarkdown(REGISTRY_CONFIG)}
${renderMarkdown(WORKER_CONFIG)}`;
}
