import { join } from 'node:path';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AttachmentKey, NetworkAttachment, NetworkPlugin, NetworkResult } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { checkAttachment, checkKey, checkNamespace } from '#plugins/network/attachment-checks.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { fromCniResult } from '#plugins/network/cni-result.ts';
import { KeyedQueue } from '#plugins/network/keyed-queue.ts';
import { Chain } from './chain.ts';
import { ConfigFolder } from './config-folder.ts';
import { parseConfigList } from './config-list.ts';
import { Gate } from './gate.ts';
import { PluginRunner } from './plugin-runner.ts';
import { ResultCache, type CachedAttachment } from './result-cache.ts';

export interface CniOptions {
  /** Where results are kept. */
  readonly stateDir: string;
  /** `/etc/cni/net.d` by default. */
  readonly configDir?: string;
  /** Folders with plugins, absolute; `/opt/cni/bin` and `/usr/lib/cni` by default. */
  readonly pluginPaths?: readonly string[];
  /** How long one call of a plugin may take; 120,000 by default. */
  readonly timeoutMs?: number;
}

const never = new AbortController().signal;

/** The network that other people's plugins make, as the first configuration of a folder lists them. They run in this process's network namespace. */
export class CniNetwork implements NetworkPlugin {
  readonly #folder: ConfigFolder;
  readonly #runner: PluginRunner;
  readonly #cache: ResultCache;
  readonly #log: Logger;
  readonly #perContainer = new KeyedQueue();
  readonly #gate = new Gate();

  /** @throws {NetworkError} 7 */
  constructor({ stateDir, configDir = '/etc/cni/net.d', pluginPaths = ['/opt/cni/bin', '/usr/lib/cni'], timeoutMs = 120_000 }: CniOptions, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#folder = new ConfigFolder(configDir);
    this.#runner = new PluginRunner({ paths: pluginPaths, clock, timeoutMs });
    this.#cache = new ResultCache(join(stateDir, 'results'), log);
    this.#log = log;
  }

  add(attachment: NetworkAttachment, signal: AbortSignal): Promise<NetworkResult> {
    return this.#forOne(attachment, async () => {
      checkAttachment(attachment);
      const netns = await checkNamespace(attachment.netns);
      const before = await this.#cache.get(attachment);
      if (before?.result !== undefined && before.attachment.netns === netns && (await this.#isSound(before, signal))) return fromCniResult(before.result);
      if (before !== undefined) await this.#takeApart(before, signal);
      return this.#make(attachment, signal);
    });
  }

  del(attachment: NetworkAttachment, signal: AbortSignal): Promise<void> {
    return this.#forOne(attachment, async () => {
      const made = (await this.#cache.get(attachment)) ?? (await this.#asIfMadeNow(attachment));
      if (made !== undefined) await this.#takeApart({ ...made, attachment: { ...made.attachment, ...(attachment.netns === undefined ? {} : { netns: attachment.netns }) } }, signal);
    });
  }

  check(attachment: NetworkAttachment, signal: AbortSignal): Promise<void> {
    return this.#forOne(attachment, async () => {
      const made = await this.#cache.get(attachment);
      if (made?.result === undefined) throw new NetworkError(cniCodes.unknownContainer, `container ${attachment.containerId} has no interface ${attachment.ifName} in this network`);
      await this.#chain(made).check({ ...made.attachment, ...(attachment.netns === undefined ? {} : { netns: attachment.netns }) }, made.result, signal);
    });
  }

  /** Plugins before 1.1 do not know of it: for them, and for all, what is stale is deleted one by one. */
  gc(valid: readonly AttachmentKey[], signal: AbortSignal): Promise<void> {
    return this.#gate.alone(async () => {
      const kept = new Set(valid.map(({ containerId, ifName }) => `${containerId} ${ifName}`));
      const failures: unknown[] = [];
      for (const made of await this.#cache.all()) {
        const { containerId, ifName } = made.attachment;
        if (!kept.has(`${containerId} ${ifName}`)) await this.#takeApart(made, signal).catch((error: unknown) => failures.push(error));
      }
      await new Chain(await this.#folder.current(), this.#runner).gc(valid, signal).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    });
  }

  async status(signal: AbortSignal): Promise<void> {
    await new Chain(await this.#folder.current(), this.#runner).status(signal);
  }

  /** What is to be made is written down before, with what it is made by. */
  async #make(attachment: NetworkAttachment, signal: AbortSignal): Promise<NetworkResult> {
    const list = await this.#folder.current();
    const made: CachedAttachment = { attachment, config: list.raw };
    await this.#cache.put(made);
    try {
      const result = await new Chain(list, this.#runner).add(attachment, signal);
      const plain = fromCniResult(result);
      await this.#cache.put({ ...made, result });
      return plain;
    } catch (error) {
      await this.#takeApart(made, never).catch((failure: unknown) => this.#log.warn('what a failed ADD left could not be deleted yet', { container: attachment.containerId, error: failure }));
      throw error;
    }
  }

  async #takeApart(made: CachedAttachment, signal: AbortSignal): Promise<void> {
    await this.#chain(made).del(made.attachment, made.result, signal);
    await this.#cache.remove(made.attachment);
  }

  async #isSound(made: CachedAttachment, signal: AbortSignal): Promise<boolean> {
    return this.#chain(made).check(made.attachment, made.result ?? {}, signal).then(() => true, () => false);
  }

  /** Others may have made it, or it was never made: the present configuration is all that is left to go by. */
  async #asIfMadeNow(attachment: NetworkAttachment): Promise<CachedAttachment | undefined> {
    const list = await this.#folder.current().catch(() => undefined);
    return list === undefined ? undefined : { attachment, config: list.raw };
  }

  #chain({ config }: CachedAttachment): Chain {
    return new Chain(parseConfigList(config, 'of a stored result'), this.#runner);
  }

  async #forOne<T>(attachment: NetworkAttachment, work: () => Promise<T>): Promise<T> {
    checkKey(attachment);
    return this.#gate.together(() => this.#perContainer.run(attachment.containerId, work));
  }
}
