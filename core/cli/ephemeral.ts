import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogLevel } from '#core/kernel/logger.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { startControlPlane, type ControlPlane } from './start-control-plane.ts';
import { untilStarterEnds } from './starter.ts';
import { untilAsked } from './stop-signals.ts';

/** Runs a control plane in memory for whoever started this process, and leaves nothing behind. */
export async function ephemeral(values: FlagValues): Promise<number> {
  const stop = AbortSignal.any([untilAsked(), untilStarterEnds()]);
  if (stop.aborted) return 0;
  const tokenFile = valueOf(values, 'token-auth-file');
  const plane = await startControlPlane({
    port: Number(valueOf(values, 'port')), controllers: valueOf(values, 'controllers') === 'true', logLevel: valueOf(values, 'log-level') as LogLevel,
    providers: given(values, 'provider'), crds: given(values, 'crds'),
    ...(tokenFile === '' ? {} : { tokens: await readTokens(tokenFile) }),
  });
  try {
    await serve(plane, stop);
  } finally {
    await plane.stop();
  }
  return 0;
}

async function serve({ url, kubeconfig }: ControlPlane, stop: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-'));
  try {
    const path = join(folder, 'kubeconfig');
    await writeFile(path, kubeconfig, { mode: 0o600, flag: 'wx' });
    if (!stop.aborted) process.stdout.write(`${JSON.stringify({ url, kubeconfig: path, pid: process.pid })}\n`);
    await aborted(stop);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const given = (values: FlagValues, name: string): readonly string[] => (values.get(name) ?? []).filter((value) => value !== '');

const readTokens = (path: string): Promise<string> => readFile(path, 'utf8').catch((cause: unknown) => {
  throw new Error(`the file of --token-auth-file, ${path}, cannot be read`, { cause });
});

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => resolve(), { once: true });
});
