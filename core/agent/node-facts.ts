import type { Machine } from '#core/agent/node/machine.ts';
import type { NodeFacts } from '#core/agent/pods/pod-services.ts';
import { parseResolvConf } from '#core/api/resolver-settings.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { ClusterNetworks } from './node-agent-options.ts';

/** Where systemd keeps the servers that it asks itself: what /etc/resolv.conf says then leads to a loopback address, which no pod can use. */
const behindSystemd = '/run/systemd/resolve/resolv.conf';
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** What pods are told of their node. */
export const nodeFacts = (name: string, node: () => Node | undefined, { clusterDns, clusterDomain }: ClusterNetworks, machine: Machine): NodeFacts => ({
  name, node, clusterDomain, clusterDns: () => clusterDns,
  hostIPs: () => (node()?.status.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
  hostsFile: async () => (await machine.readText('/etc/hosts')) ?? '',
  async resolver() {
    const own = parseResolvConf((await machine.readText('/etc/resolv.conf')) ?? '');
    if (!own.nameservers.every(isLoopback)) return own;
    const behind = await machine.readText(behindSystemd);
    if (behind !== undefined) return parseResolvConf(behind);
    // The cluster's name server asks the node's.
    return clusterDns.length === 0 ? own : { ...own, nameservers: clusterDns };
  },
});
