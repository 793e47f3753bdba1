#!/usr/bin/env node
import { createProcessHost } from '#libs/lifecycle/process-host.ts';
import { runCli } from './run-cli.ts';

await runCli(createProcessHost(process), process.env);
