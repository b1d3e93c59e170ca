import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Ability } from '#core/kernel/module.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { type DockerOptions, DockerRuntime } from './docker-runtime.ts';

/** Less than the command line waits for the answer. */
const timeoutMs = 1500;

/** API 1.41 came with Docker Engine 20.10. */
const oldestMinor = 41;

/** Whether a Docker Engine answers, and which one. */
export async function dockerAbilities(options: DockerOptions): Promise<readonly Ability[]> {
  const name = 'pods in Docker containers';
  try {
    const { version, apiVersion } = await new DockerRuntime(options).version(AbortSignal.timeout(timeoutMs));
    if (Number(apiVersion.split('.')[1]) >= oldestMinor) return [{ name: `${name} (Docker Engine ${version})`, available: true }];
    return [{ name, available: false, reason: `Docker Engine ${version} is too old: 20.10 is the oldest that will do` }];
  } catch (error) {
    const reason = ProviderError.is(error) ? error.message : String(error);
    return [{ name, available: false, reason, ...(options.host === undefined && process.platform === 'linux' ? { remedy: await remedy() } : {}) }];
  }
}

/** It may be there, and not run. */
const remedy = async (): Promise<string> => ((await onPath('dockerd')) ? 'service docker start' : 'apt-get install docker.io');

async function onPath(program: string): Promise<boolean> {
  const folders = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/usr/bin`.split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(folders.map((folder) => access(join(folder, program)).then(() => true, () => false)));
  return found.includes(true);
}
