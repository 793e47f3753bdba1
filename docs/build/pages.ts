import { renderConfigurationPage } from './configuration-page.ts';
import { renderErrorsPage } from './errors-page.ts';
import { renderReferencePage } from './reference/reference-page.ts';

/** A page that is made from the sources. */
export interface GeneratedPage {
  readonly file: URL;
  readonly render: () => string;
}

/** All of them. `npm run docs` writes them, and a test holds them against what would be written. */
export const GENERATED_PAGES: readonly GeneratedPage[] = [
  { file: new URL('../configuration.md', import.meta.url), render: renderConfigurationPage },
  { file: new URL('../errors.md', import.meta.url), render: renderErrorsPage },
  { file: new URL('../reference.md', import.meta.url), render: renderReferencePage },
];
