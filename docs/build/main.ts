import { writeFileSync } from 'node:fs';
import { GENERATED_PAGES } from './pages.ts';

for (const { file, render } of GENERATED_PAGES) {
  writeFileSync(file, render());
}
