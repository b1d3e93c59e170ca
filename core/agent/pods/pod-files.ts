import { chmod, constants, mkdir, open, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { hostsFile } from '#core/agent/dns/hosts-file.ts';
import { resolvConf } from '#core/agent/dns/resolv-conf.ts';
import { isSafeName } from './safe-name.ts';
import type { PodServices } from './pod-services.ts';

const mostWords = 4096;

/** The files that the agent keeps for a pod: those that its containers see as their own, and their last words. */
export class PodFiles {
  readonly #services: PodServices;

  constructor(services: PodServices) {
    this.#services = services;
  }

  /** Writes hosts and resolver files as they must be now. */
  async prepare(pod: Pod, podIPs: readonly string[]): Promise<{ readonly hosts: string; readonly resolvConf: string }> {
    const { node, recorder } = this.#services;
    const folder = this.#folder(pod.metadata.uid);
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const { clusterDomain } = node;
    const resolver = resolvConf(pod, { clusterDns: node.clusterDns(), clusterDomain, host: await node.resolver() });
    for (const { reason, message } of resolver.warnings) recorder.warning(pod, reason, message);
    const files = { hosts: join(folder, 'etc-hosts'), resolvConf: join(folder, 'resolv.conf') };
    await this.#write(files.hosts, hostsFile(pod, podIPs, { clusterDomain, hostHosts: pod.spec.hostNetwork === true ? await node.hostsFile() : '' }));
    await this.#write(files.resolvConf, resolver.text);
    return files;
  }

  /** An empty file that a container, whoever it runs as, may write its last words to. */
  async makeWordsFile(uid: string, name: string, attempt: number): Promise<string> {
    const file = this.#wordsFile(uid, name, attempt);
    await mkdir(join(file, '..'), { recursive: true, mode: 0o750 });
    await (await open(file, 'a')).close();
    await chmod(file, 0o666);
    return file;
  }

  /** At most 4 KiB; empty when there are none. */
  async readWords(uid: string, name: string, attempt: number): Promise<string> {
    try {
      const handle = await open(this.#wordsFile(uid, name, attempt), 'r');
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostWords), 0, mostWords, 0);
        return buffer.subarray(0, bytesRead).toString('utf8');
      } finally {
        await handle.close();
      }
    } catch {
      // The pod's folder went with the pod, or somebody else took it away.
      return '';
    }
  }

  async forgetWords(uid: string, name: string, attempt: number): Promise<void> {
    await rm(this.#wordsFile(uid, name, attempt), { force: true });
  }

  /** Takes the pod's files away. Its folder goes with the last thing in it: volumes have theirs there too. */
  async remove(uid: string): Promise<void> {
    const folder = this.#folder(uid);
    for (const name of ['etc-hosts', 'resolv.conf', 'containers']) await rm(join(folder, name), { recursive: true, force: true });
    await rmdir(folder).catch(() => undefined);
  }

  #folder(uid: string): string {
    if (!isSafeName(uid)) throw new Error(`a pod cannot have the UID ${JSON.stringify(uid.slice(0, 100))}`);
    return join(this.#services.rootDir, 'pods', uid);
  }

  #wordsFile(uid: string, name: string, attempt: number): string {
    if (!isSafeName(name)) throw new Error(`a container cannot have the name ${JSON.stringify(name.slice(0, 100))}`);
    return join(this.#folder(uid), 'containers', name, String(attempt));
  }

  /** In place: the file is bound into containers that run. Over what is there: on a full disk an emptied file would stay empty. */
  async #write(file: string, text: string): Promise<void> {
    const before = await readFile(file, 'utf8').catch(() => undefined);
    if (before === text) return;
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o644);
    try {
      await handle.writeFile(text);
      await handle.truncate(Buffer.byteLength(text));
      await handle.chmod(0o644);
    } finally {
      await handle.close();
    }
  }
}
