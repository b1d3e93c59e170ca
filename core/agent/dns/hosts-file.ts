import type { HostAlias, Pod } from '#core/api/schema/core-v1/pod.ts';
import { podHostname } from './pod-hostname.ts';

export interface HostsFileOptions {
  readonly clusterDomain: string;
  /** The node's own /etc/hosts, which pods in the node's network see. */
  readonly hostHosts: string;
}

/** The lines that every pod has. The IPv6 ones are upstream's, which programs in images may count on. */
const local = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
];

/** The pod's /etc/hosts. In the node's network it is the node's file with the pod's aliases. */
export function hostsFile(pod: Pod, podIPs: readonly string[], { clusterDomain, hostHosts }: HostsFileOptions): string {
  const aliases = aliasLines(pod.spec.hostAliases ?? []);
  if (pod.spec.hostNetwork === true) {
    const own = hostHosts === '' || hostHosts.endsWith('\n') ? hostHosts : `${hostHosts}\n`;
    return `# Kubernetes-managed hosts file (host network).\n${own}${lines(aliases)}`;
  }
  const { hostname, domain } = podHostname(pod, clusterDomain);
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  return lines(['# Kubernetes-managed hosts file.', ...local, ...podIPs.map((ip) => `${ip}\t${names}`), ...aliases]);
}

const aliasLines = (aliases: readonly HostAlias[]): readonly string[] =>
  aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t'))];

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
