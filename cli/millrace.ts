#!/usr/bin/env node
import { keepCompiled } from '#libs/lifecycle/keep-compiled.ts';

keepCompiled(process);

// After that, so that they are kept too.
const [{ createCliHost }, { runCli }] = await Promise.all([import('./cli-host.ts'), import('./run-cli.ts')]);
await runCli(createCliHost(process), process.env);
