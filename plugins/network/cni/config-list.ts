import type { JsonObject } from '#core/api/value.ts';
import { isObject, own } from '#core/api/value.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { cniVersions, isCniIdentifier, isCniVersion, isPluginType, quoted, type CniVersion } from '#plugins/network/cni-names.ts';

const mostPlugins = 50;

export interface CniPluginConfig {
  readonly type: string;
  /** What of `runtimeConfig` it wants. */
  readonly capabilities: readonly string[];
  readonly raw: JsonObject;
}

/** A network: the plugins that make it, in order. */
export interface CniConfigList {
  readonly name: string;
  /** The newest version that it and this runner know. */
  readonly version: CniVersion;
  readonly disableCheck: boolean;
  readonly disableGc: boolean;
  readonly plugins: readonly CniPluginConfig[];
  /** As it is stored beside a result, with all of its plugins in it. */
  readonly raw: JsonObject;
}

/**
 * Reads a list of plugins, or the configuration of a single one as they were before 1.0.0.
 * @param where for messages
 * @param more configurations of plugins from elsewhere
 * @throws {NetworkError} 1 or 7
 */
export function parseConfigList(value: unknown, where: string, more: readonly unknown[] = []): CniConfigList {
  if (!isObject(value)) throw invalid(where, `is not an object: ${quoted(value)}`);
  const name = own(value, 'name');
  if (typeof name !== 'string' || !isCniIdentifier(name)) throw invalid(where, `has no name of a network: ${quoted(name)}`);
  const listed = own(value, 'plugins') ?? (own(value, 'type') === undefined ? [] : [value]);
  if (!Array.isArray(listed)) throw invalid(where, `has no list of plugins: ${quoted(listed)}`);
  const plugins = [...(listed as unknown[]), ...more];
  if (plugins.length === 0) throw invalid(where, 'has no plugins');
  if (plugins.length > mostPlugins) throw invalid(where, `has ${plugins.length} plugins, more than ${mostPlugins}`);
  return {
    name, version: versionOf(value, where), disableCheck: flag(value, 'disableCheck', where), disableGc: flag(value, 'disableGC', where),
    plugins: plugins.map((plugin) => parsePlugin(plugin, where)),
    raw: { ...value, plugins, loadOnlyInlinedPlugins: true },
  };
}

/** Whether plugins that are files of their own, in a folder of the network's name, belong to it too. */
export const loadsFolder = (value: unknown, where: string): boolean => isObject(value) && own(value, 'plugins') !== undefined && own(value, 'loadOnlyInlinedPlugins') !== undefined && !flag(value, 'loadOnlyInlinedPlugins', where);

function parsePlugin(value: unknown, where: string): CniPluginConfig {
  const type = isObject(value) ? own(value, 'type') : undefined;
  if (!isObject(value) || typeof type !== 'string' || !isPluginType(type)) throw invalid(where, `has a plugin whose type is not the name of a program: ${quoted(type)}`);
  const ipam = own(value, 'ipam');
  const ipamType = isObject(ipam) ? own(ipam, 'type') : undefined;
  if (ipamType !== undefined && ipamType !== '' && (typeof ipamType !== 'string' || !isPluginType(ipamType))) throw invalid(where, `has a plugin whose ipam.type is not the name of a program: ${quoted(ipamType)}`);
  const capabilities = own(value, 'capabilities');
  return { type, raw: value, capabilities: isObject(capabilities) ? Object.keys(capabilities).filter((key) => own(capabilities, key) === true) : [] };
}

/** Versions that are newer than any known are left out. */
function versionOf(value: JsonObject, where: string): CniVersion {
  const [one, several] = [own(value, 'cniVersion'), own(value, 'cniVersions')];
  const wanted = [...(one === undefined ? [] : [one]), ...(Array.isArray(several) ? (several as unknown[]) : [])];
  const known = wanted.filter(isCniVersion);
  const newest = cniVersions.findLast((version) => known.includes(version));
  if (newest === undefined) throw new NetworkError(cniCodes.incompatibleVersion, `${where} is of version ${wanted.length === 0 ? '0.1.0' : wanted.map(quoted).join(', ')}; known are ${cniVersions.join(', ')}`);
  return newest;
}

/** Booleans may come as texts. */
function flag(value: JsonObject, key: string, where: string): boolean {
  const member = own(value, key);
  if (member === undefined || member === null || member === false || member === 'false') return false;
  if (member === true || member === 'true') return true;
  throw invalid(where, `has a ${key} that is not true or false: ${quoted(member)}`);
}

const invalid = (where: string, what: string): NetworkError => new NetworkError(cniCodes.invalidConfig, `the network configuration ${where} ${what}`);
