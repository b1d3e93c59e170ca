import { parseArgs } from 'node:util';
import { startAwsEmulator } from './emulator.ts';
import { readFaultPlan } from './faults.ts';

const usage = 'npm run emulate:aws -- [--port N] [--seed N] [--faults FILE] [--time-scale N]\n';

try {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '4566' }, seed: { type: 'string', default: '1' }, faults: { type: 'string' }, 'time-scale': { type: 'string', default: '1' } },
  });
  const faults = values.faults === undefined ? undefined : await readFaultPlan(values.faults);
  const emulator = await startAwsEmulator({
    port: number('port', values.port, 65_535), seed: number('seed', values.seed, 2 ** 32), faults, time: { scale: number('time-scale', values['time-scale'], 1_000_000) },
  });
  process.stdout.write(`EC2 and Elastic Load Balancing are at ${emulator.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void emulator.stop());
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${usage}`);
  process.exitCode = 2;
}

function number(name: string, text: string, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= most)) throw new Error(`--${name} is a number from 0 to ${most}, not "${text}"`);
  return value;
}
