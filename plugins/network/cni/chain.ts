import type { JsonObject } from '#core/api/value.ts';
import { own, setOwn } from '#core/api/value.ts';
import type { AttachmentKey, NetworkAttachment } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { checkNamespace } from '#plugins/network/attachment-checks.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { atLeast, quoted, type CniVersion } from '#plugins/network/cni-names.ts';
import { convertCniResult } from '#plugins/network/cni-result.ts';
import type { CniConfigList, CniPluginConfig } from './config-list.ts';
import type { CniVerb, PluginRunner } from './plugin-runner.ts';

/** A list of plugins at work. Each is spoken to in the newest version that both know. */
export class Chain {
  readonly #list: CniConfigList;
  readonly #runner: PluginRunner;

  constructor(list: CniConfigList, runner: PluginRunner) {
    this.#list = list;
    this.#runner = runner;
  }

  /** In order, each with what the one before gave. Stops at the first error. */
  async add(attachment: NetworkAttachment, signal: AbortSignal): Promise<JsonObject> {
    let result: JsonObject | undefined;
    for (const plugin of this.#list.plugins) result = (await this.#call('ADD', plugin, attachment, result, signal)) ?? result;
    if (result === undefined) throw new NetworkError(cniCodes.decoding, `the plugins of ${this.#list.name} gave no result`);
    return result;
  }

  /** In reverse order, each with the last result. Stops at the first error, to be tried again as a whole. */
  async del(attachment: NetworkAttachment, result: JsonObject | undefined, signal: AbortSignal): Promise<void> {
    const netns = await checkNamespace(attachment.netns).catch(() => '');
    for (const plugin of this.#list.plugins.toReversed()) await this.#call('DEL', plugin, { ...attachment, netns }, result, signal);
  }

  /** In order, each with the last result; those that cannot check are taken at their word. */
  async check(attachment: NetworkAttachment, result: JsonObject, signal: AbortSignal): Promise<void> {
    if (this.#list.disableCheck) return;
    for (const plugin of this.#list.plugins) {
      if (atLeast(await this.#version(plugin, signal), '0.4.0')) await this.#call('CHECK', plugin, attachment, result, signal);
    }
  }

  /** Those that cannot are left out: what is stale was taken from them one by one. @throws {NetworkError} the first of what went wrong, after all had their turn */
  async gc(valid: readonly AttachmentKey[], signal: AbortSignal): Promise<void> {
    if (this.#list.disableGc) return;
    const attachments = valid.map(({ containerId, ifName }) => ({ containerID: containerId, ifname: ifName }));
    const failures: unknown[] = [];
    for (const plugin of this.#list.plugins) {
      const version = await this.#version(plugin, signal);
      if (!atLeast(version, '1.1.0')) continue;
      // The second name is a mistake that libcni made, and on which plugins came to rely.
      const config = { ...this.#config(plugin, version), 'cni.dev/valid-attachments': attachments, 'cni.dev/attachments': attachments };
      await this.#runner.run('GC', plugin.type, {}, config, signal).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async status(signal: AbortSignal): Promise<void> {
    for (const plugin of this.#list.plugins) {
      const version = await this.#version(plugin, signal);
      if (atLeast(version, '1.1.0')) await this.#runner.run('STATUS', plugin.type, {}, this.#config(plugin, version), signal);
    }
  }

  #version(plugin: CniPluginConfig, signal: AbortSignal): Promise<CniVersion> {
    return this.#runner.version(plugin.type, this.#list.version, signal);
  }

  async #call(verb: CniVerb, plugin: CniPluginConfig, attachment: NetworkAttachment, result: JsonObject | undefined, signal: AbortSignal): Promise<JsonObject | undefined> {
    const version = await this.#version(plugin, signal);
    const config = this.#config(plugin, version);
    const runtimeConfig = runtimeConfigOf(plugin, attachment);
    if (runtimeConfig !== undefined) config['runtimeConfig'] = runtimeConfig;
    if (result !== undefined && (verb !== 'DEL' || atLeast(version, '0.4.0'))) config['prevResult'] = convertCniResult(result, version);
    return this.#runner.run(verb, plugin.type, variablesOf(attachment), config, signal);
  }

  #config({ raw }: CniPluginConfig, version: CniVersion): JsonObject {
    const config: JsonObject = {};
    for (const key of Object.keys(raw)) if (key !== 'runtimeConfig' && key !== 'prevResult') setOwn(config, key, own(raw, key));
    return Object.assign(config, { cniVersion: version, name: this.#list.name });
  }
}

/** What the plugin declared that it can, of what the pod asks for. */
function runtimeConfigOf({ capabilities }: CniPluginConfig, { portMappings, bandwidth }: NetworkAttachment): JsonObject | undefined {
  const asked: JsonObject = {};
  if (capabilities.includes('portMappings') && portMappings.length > 0) asked['portMappings'] = portMappings.map((mapping) => ({ ...mapping }));
  if (capabilities.includes('bandwidth') && bandwidth !== undefined) {
    const most = 0xffff_ffff;
    asked['bandwidth'] = {
      ...(bandwidth.ingressRate === undefined ? {} : { ingressRate: bandwidth.ingressRate, ingressBurst: most }), ...(bandwidth.egressRate === undefined ? {} : { egressRate: bandwidth.egressRate, egressBurst: most }),
    };
  }
  return Object.keys(asked).length === 0 ? undefined : asked;
}

function variablesOf({ containerId, ifName, netns, pod }: NetworkAttachment): Record<string, string> {
  const args = { IgnoreUnknown: '1', K8S_POD_NAMESPACE: pod.namespace, K8S_POD_NAME: pod.name, K8S_POD_INFRA_CONTAINER_ID: containerId, K8S_POD_UID: pod.uid };
  for (const value of Object.values(args)) if (!/^[\w.:-]*$/.test(value)) throw new NetworkError(cniCodes.invalidEnvironment, `${quoted(value)} cannot be an argument of a plugin`);
  return { CNI_CONTAINERID: containerId, CNI_IFNAME: ifName, CNI_NETNS: netns ?? '', CNI_ARGS: Object.entries(args).map(([key, value]) => `${key}=${value}`).join(';') };
}
