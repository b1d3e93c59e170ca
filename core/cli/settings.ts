import { mkdir } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { KeelsonModule, ModuleSettings } from '#core/kernel/module.ts';

/** This machine's name, as a Node object may be called. */
export const nodeName = (): string => hostname().toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-').replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '').slice(0, 253) || 'localhost';

/** By which names and addresses clients may reach a server that listens on `host`. */
export function hostsOf(host: string): string[] {
  const everywhere = host === '0.0.0.0' || host === '::';
  const addresses = everywhere ? Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)) : [host];
  return [hostname(), ...addresses];
}

/** @throws {Error} that names the directory */
export async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`the data directory ${dataDir} cannot be made`, { cause: error });
  }
}

/** Makes the module's own folder below the data directory. */
export async function settingsFor(module: KeelsonModule, dataDir: string): Promise<ModuleSettings> {
  const stateDir = join(dataDir, encodeURIComponent(module.name));
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  return { stateDir, nodeName: nodeName() };
}
