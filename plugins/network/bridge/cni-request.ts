import type { JsonObject } from '#core/api/value.ts';
import { isObject, own } from '#core/api/value.ts';
import type { AttachmentKey, NetworkAttachment, PortMapping } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { atLeast, cniVersions, isCniIdentifier, isCniVersion, isInterfaceName, quoted, type CniVersion } from '#plugins/network/cni-names.ts';

/** All but 0.3.0, of which nothing is left in the field. */
export const spokenVersions: readonly CniVersion[] = cniVersions.filter((version) => version !== '0.3.0');

export type CniCommand = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS';

/** What a runtime says by its environment, by the names of the variables. */
export type CniEnvironment = Readonly<Record<'CNI_COMMAND' | 'CNI_CONTAINERID' | 'CNI_NETNS' | 'CNI_IFNAME' | 'CNI_ARGS', string>>;

/** A call that keeps the specification. */
export interface CniRequest {
  readonly command: CniCommand;
  readonly version: CniVersion;
  readonly network: string;
  readonly config: JsonObject;
  readonly attachment: NetworkAttachment;
}

const required: Record<CniCommand, readonly (keyof CniEnvironment)[]> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'], CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'], DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'], GC: [], STATUS: [],
};
const since: Record<CniCommand, CniVersion> = { ADD: '0.3.0', DEL: '0.3.0', CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' };

/** The version in which an answer is expected, errors too; what is no configuration gets the newest. */
export function versionOf(config: unknown): string {
  const version = isObject(config) ? own(config, 'cniVersion') : undefined;
  return isCniVersion(version) ? version : (spokenVersions.at(-1) ?? '');
}

/** @throws {NetworkError} 6 */
export function parseConfig(text: string): JsonObject {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new NetworkError(cniCodes.decoding, 'the network configuration is not JSON', '', error);
  }
  if (!isObject(config)) throw new NetworkError(cniCodes.decoding, 'the network configuration is not an object');
  return config;
}

/** @throws {NetworkError} 1, 4, 6 or 7 */
export function readRequest(environment: CniEnvironment, config: JsonObject): CniRequest {
  const command = commandOf(environment);
  const version = own(config, 'cniVersion') ?? '0.1.0';
  if (!isCniVersion(version) || !spokenVersions.includes(version)) throw new NetworkError(cniCodes.incompatibleVersion, 'incompatible CNI versions', `config is ${quoted(version)}, plugin supports ${quoted(spokenVersions)}`);
  if (!atLeast(version, since[command])) throw new NetworkError(cniCodes.incompatibleVersion, `config version does not allow ${command}`, `${command} came with ${since[command]}, config is ${quoted(version)}`);
  const network = own(config, 'name');
  if (typeof network !== 'string' || network === '') throw new NetworkError(cniCodes.invalidConfig, 'missing network name');
  if (!isCniIdentifier(network)) throw new NetworkError(cniCodes.invalidConfig, 'invalid characters found in network name', quoted(network));
  return { command, version, network, config, attachment: attachmentOf(environment, config) };
}

function commandOf(environment: CniEnvironment): CniCommand {
  const { CNI_COMMAND: command, CNI_CONTAINERID: id, CNI_IFNAME: ifName } = environment;
  if (!Object.hasOwn(required, command)) throw new NetworkError(cniCodes.invalidEnvironment, `unknown CNI_COMMAND: ${quoted(command)}`);
  const missing = required[command as CniCommand].filter((name) => environment[name] === '');
  if (missing.length > 0) throw new NetworkError(cniCodes.invalidEnvironment, `required env variables [${missing.join(',')}] missing`);
  if (id !== '' && !isCniIdentifier(id)) throw new NetworkError(cniCodes.invalidEnvironment, 'invalid characters in containerID', quoted(id));
  if (ifName !== '' && !isInterfaceName(ifName)) throw new NetworkError(cniCodes.invalidEnvironment, 'interface name is invalid', quoted(ifName));
  return command as CniCommand;
}

function attachmentOf({ CNI_CONTAINERID: containerId, CNI_NETNS: netns, CNI_IFNAME: ifName, CNI_ARGS }: CniEnvironment, config: JsonObject): NetworkAttachment {
  const args = argsOf(CNI_ARGS);
  const runtime = own(config, 'runtimeConfig');
  const asked = isObject(runtime) ? runtime : {};
  const bandwidth = bandwidthOf(own(asked, 'bandwidth'));
  return {
    containerId, ifName, ...(netns === '' ? {} : { netns }),
    pod: { namespace: args.get('K8S_POD_NAMESPACE') ?? '', name: args.get('K8S_POD_NAME') ?? '', uid: args.get('K8S_POD_UID') ?? '' },
    portMappings: mappingsOf(own(asked, 'portMappings')), ...(bandwidth === undefined ? {} : { bandwidth }),
  };
}

/** Arguments that are not known are for others. */
function argsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(';').filter((pair) => pair !== '').map((pair) => [pair.slice(0, Math.max(0, pair.indexOf('='))), pair.slice(pair.indexOf('=') + 1)] as const);
  if (pairs.some(([key]) => key === '')) throw new NetworkError(cniCodes.invalidEnvironment, 'CNI_ARGS: invalid pair', quoted(text));
  return new Map(pairs);
}

function mappingsOf(value: unknown): PortMapping[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new NetworkError(cniCodes.decoding, `runtimeConfig.portMappings is not a list: ${quoted(value)}`);
  return (value as unknown[]).map((each) => {
    const of = (key: string): unknown => (isObject(each) ? own(each, key) : undefined);
    const [hostIP, protocol] = [of('hostIP'), of('protocol') ?? 'tcp'];
    // The plugin checks them, as it does the agent's own.
    return { hostPort: Number(of('hostPort')), containerPort: Number(of('containerPort')), protocol: (typeof protocol === 'string' ? protocol.toLowerCase() : 'none') as PortMapping['protocol'], ...(typeof hostIP === 'string' && hostIP !== '' ? { hostIP } : {}) };
  }).filter(({ hostPort }) => hostPort !== 0);
}

function bandwidthOf(value: unknown): NetworkAttachment['bandwidth'] {
  if (!isObject(value)) return undefined;
  const [ingressRate, egressRate] = ['ingressRate', 'egressRate'].map((key) => Number(own(value, key) ?? 0));
  if (!ingressRate && !egressRate) return undefined;
  return { ...(ingressRate ? { ingressRate } : {}), ...(egressRate ? { egressRate } : {}) };
}

/** What GC is to keep, by its name in the specification and by the one that libcni sent by mistake. @throws {NetworkError} 7 without a list: an empty one means something */
export function validAttachments(config: JsonObject): readonly AttachmentKey[] {
  const lists = ['cni.dev/valid-attachments', 'cni.dev/attachments'].map((key) => own(config, key)).filter((each) => Array.isArray(each));
  if (lists.length === 0) throw new NetworkError(cniCodes.invalidConfig, 'GC needs the list cni.dev/valid-attachments');
  return lists.flat().map((each: unknown) => {
    const [containerId, ifName] = isObject(each) ? [own(each, 'containerID'), own(each, 'ifname')] : [];
    if (typeof containerId !== 'string' || typeof ifName !== 'string') throw new NetworkError(cniCodes.decoding, `cni.dev/valid-attachments holds what is no attachment: ${quoted(each)}`);
    return { containerId, ifName };
  });
}
