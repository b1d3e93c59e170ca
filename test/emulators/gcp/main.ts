import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { parse } from 'yaml';

import { readFaultPlan } from './faults.ts';
import { startGcpEmulator, type GcpEmulatorOptions } from './emulator.ts';

const usage = `A Compute Engine of one's own: npm run emulate:gcp -- [--port N] [--seed N] [--faults FILE] [--delays FACTOR]

  --port N         4567 when absent; 0: any free one
  --host ADDRESS   127.0.0.1 when absent
  --seed N         decides delays, ids and random faults; 1 when absent
  --faults FILE    a plan of faults, YAML or JSON
  --delays FACTOR  how many times the usual delays things take; 1 when absent, 0: none`;

function numberOf(name: string, text: string, whole = true): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || (whole && !Number.isInteger(value))) throw new Error(`--${name} is a number from 0 on: ${text}`);
  return value;
}

function readOptions(args: readonly string[]): GcpEmulatorOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: 'string', default: '4567' }, host: { type: 'string', default: '127.0.0.1' }, seed: { type: 'string', default: '1' }, faults: { type: 'string' }, delays: { type: 'string', default: '1' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return undefined;
  const faults = values.faults === undefined ? undefined : readFaultPlan(parse(readFileSync(values.faults, 'utf8')));
  return { port: numberOf('port', values.port), host: values.host, seed: numberOf('seed', values.seed), delays: numberOf('delays', values.delays, false), ...(faults === undefined ? {} : { faults }) };
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(usage);
  else {
    const emulator = await startGcpEmulator(options);
    console.log(`Compute Engine is emulated at ${emulator.url} (seed ${options.seed ?? 1}); SIGINT ends it`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.stop());
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
