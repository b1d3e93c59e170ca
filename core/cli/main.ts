#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { nodeVersionProblem } from './version.ts';

const problem = nodeVersionProblem();
if (problem !== undefined) {
  process.stderr.write(`keelson: ${problem}\n`);
  process.exit(1);
}

const { enableCompileCache } = await import('node:module');
// Before anything else is loaded: a second start then parses and compiles nothing. Worker threads look for it in the environment.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../node_modules/.cache/keelson', import.meta.url));
enableCompileCache(process.env.NODE_COMPILE_CACHE);

// A closed pipe behind the output, as after `| head`, is no reason to stop serving.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const { runCommand } = await import('./commands.ts');
process.exit(await runCommand(process.argv.slice(2)));
