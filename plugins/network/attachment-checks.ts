import { stat, statfs } from 'node:fs/promises';
import { parseIp } from '#core/api/ip.ts';
import type { AttachmentKey, NetworkAttachment, PortMapping } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from './cni-error.ts';
import { isCniIdentifier, isInterfaceName, isNamespacePath, quoted } from './cni-names.ts';

const NSFS = 0x6e73_6673;

/** @throws {NetworkError} 4 */
export function checkKey({ containerId, ifName }: AttachmentKey): void {
  if (!isCniIdentifier(containerId)) throw new NetworkError(cniCodes.invalidEnvironment, `${quoted(containerId)} is not the id of a container`);
  if (!isInterfaceName(ifName)) throw new NetworkError(cniCodes.invalidEnvironment, `${quoted(ifName)} is not the name of an interface`);
}

/** All of it that may reach a rule or a line of commands. @throws {NetworkError} 4 or 7 */
export function checkAttachment(attachment: NetworkAttachment): void {
  checkKey(attachment);
  const { portMappings, bandwidth } = attachment;
  const problem = portMappings.map(mappingProblem).find((each) => each !== undefined);
  if (problem !== undefined) throw new NetworkError(cniCodes.invalidConfig, problem);
  const rate = [bandwidth?.ingressRate, bandwidth?.egressRate].find((each) => each !== undefined && (!Number.isSafeInteger(each) || each < 1000 || each > 1e15));
  if (rate !== undefined) throw new NetworkError(cniCodes.invalidConfig, `${quoted(rate)} is not a bandwidth from 1 kbit/s to 1 Pbit/s`);
}

function mappingProblem({ hostPort, containerPort, protocol, hostIP }: PortMapping): string | undefined {
  if (!isPort(hostPort) || !isPort(containerPort)) return `${quoted(hostPort)} to ${quoted(containerPort)} is no mapping of ports`;
  if (!['tcp', 'udp', 'sctp'].includes(protocol)) return `${quoted(protocol)} is none of the protocols tcp, udp and sctp`;
  return hostIP === undefined || hostIP === '' || parseIp(hostIP) !== undefined ? undefined : `${quoted(hostIP)} is not an address`;
}

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

/** The path of a network namespace that is there. @throws {NetworkError} 4 for no path, 8 for what is no network namespace, or this process's own */
export async function checkNamespace(netns: string | undefined): Promise<string> {
  if (netns === undefined || !isNamespacePath(netns)) throw new NetworkError(cniCodes.invalidEnvironment, `${quoted(netns)} is not a path of a network namespace`);
  const [entry, system, own] = await Promise.all([stat(netns).catch(() => undefined), statfs(netns).catch(() => undefined), stat('/proc/self/ns/net').catch(() => undefined)]);
  if (entry === undefined) throw new NetworkError(cniCodes.invalidNamespace, `there is no network namespace at ${netns}`);
  if (system?.type !== NSFS) throw new NetworkError(cniCodes.invalidNamespace, `${netns} is not a network namespace`);
  if (entry.ino === own?.ino && entry.dev === own.dev) throw new NetworkError(cniCodes.invalidNamespace, `${netns} is the node's own network namespace`);
  return netns;
}
