import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { nodeIpsProblem } from '#core/agent/node/addresses.ts';
import type { Reserved } from '#core/agent/node/resources.ts';
import { parseBootstrapToken } from '#core/api/bootstrap-token.ts';
import { Cidr, parseIp } from '#core/api/ip.ts';
import { dnsSubdomainProblem, labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { Taint } from '#core/api/schema/core-v1/node.ts';
import { UsageError } from './failure.ts';
import { upFlags, valueOf, type Flag, type FlagValues } from './flags.ts';

const upFlag = (name: string): Flag[] => upFlags.filter((flag) => flag.name === name);

export const agentFlags: readonly Flag[] = [
  { name: 'server', placeholder: 'URL', help: 'the API server of the cluster to join, such as https://192.0.2.1:6443', initial: '', check: (value) => (URL.canParse(value) && value.startsWith('https://') ? undefined : 'must be an https URL') },
  { name: 'token', placeholder: 'ID.SECRET', help: 'a token to join with, which "keelson token create" makes; not needed again later', initial: '', check: (value) => (parseBootstrapToken(value) ? undefined : 'must look like abcdef.0123456789abcdef') },
  { name: 'ca-hash', placeholder: 'sha256:HEX', help: "the hash of the cluster's authority; repeatable", initial: '', repeatable: true, check: (value) => (/^sha256:[0-9a-f]{64}$/.test(value) ? undefined : 'must be sha256: and 64 hexadecimal digits') },
  { name: 'discovery-token-unsafe-skip-ca-verification', placeholder: '', help: 'trust whoever knows the token to be the cluster', initial: 'false', isSwitch: true },
  { name: 'kubeconfig', placeholder: 'FILE', help: 'join as somebody who may, instead of with a token', initial: '' },
  { name: 'node-name', placeholder: 'NAME', help: "what the node is called; this machine's name by default", initial: '', check: dnsSubdomainProblem },
  { name: 'node-ip', placeholder: 'ADDRESS', help: 'address of the node, one of each family; by default that of the default route; repeatable', initial: '', repeatable: true, check: (value) => nodeIpsProblem([value]) },
  { name: 'netns', placeholder: 'PATH', help: "the network namespace in which this runs, /run/netns/NAME, for pods with hostNetwork; by default the container engine's", initial: '', check: (value) => (isAbsolute(value) ? undefined : 'must be an absolute path') },
  { name: 'node-labels', placeholder: 'K=V,...', help: 'labels of the node', initial: '' },
  { name: 'register-with-taints', placeholder: 'K=V:EFFECT,...', help: 'taints of the node when it is new', initial: '' },
  { name: 'provider-id', placeholder: 'ID', help: 'the machine behind the node as its provider names it, such as aws:///us-east-1a/i-0123', initial: '', check: (value) => (/^[a-z][a-z0-9+.-]*:\/\/\S+$/.test(value) ? undefined : 'must look like provider://id') },
  { name: 'cloud-provider', placeholder: 'external', help: "external: the node waits until its provider's controller has completed it, and has the addresses that that tells", initial: '', check: (value) => (value === 'external' ? undefined : 'must be external') },
  { name: 'data-dir', placeholder: 'DIR', help: 'where the agent keeps everything', initial: join(homedir(), '.keelson', 'agent') },
  { name: 'provider-dir', placeholder: 'DIR', help: "where the providers' state is, when a control plane of this computer keeps it", initial: '' },
  { name: 'with-starter', placeholder: '', help: 'end with the process that started this one', initial: 'false', isSwitch: true },
  { name: 'host', placeholder: 'HOST', help: 'address at which the agent serves logs, exec and the like', initial: '::' },
  { name: 'port', placeholder: 'N', help: 'port for that', initial: '10250', check: (value) => (/^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) <= 65535 ? undefined : 'must be a number from 1 to 65535') },
  { name: 'runtime', placeholder: 'NAME', help: 'what runs containers: docker, or docker:///path/to/socket', initial: 'docker' },
  { name: 'network', placeholder: 'NAME', help: 'what connects pods: bridge or cni', initial: 'bridge' },
  { name: 'proxy', placeholder: 'NAME', help: 'what forwards services: iptables, userspace, or none', initial: 'iptables' },
  { name: 'proxy-healthz-port', placeholder: 'N', help: 'where load balancers ask for the health of that, at /healthz; 0 is nowhere', initial: '10256', check: (value) => (/^\d{1,5}$/.test(value) && Number(value) <= 65535 ? undefined : 'must be a number from 0 to 65535') },
  { name: 'dns', placeholder: 'NAME', help: 'what answers for names: dns, or none', initial: 'dns' },
  ...upFlag('provider'),
  ...upFlag('provider-config'),
  { name: 'cluster-dns', placeholder: 'ADDRESS', help: "the cluster's name server; by default what the cluster says; repeatable", initial: '', repeatable: true, check: (value) => (parseIp(value) ? undefined : 'must be an IP address') },
  { name: 'cluster-domain', placeholder: 'DOMAIN', help: 'by default what the cluster says', initial: '', check: dnsSubdomainProblem },
  { name: 'cluster-cidr', placeholder: 'RANGE', help: 'addresses of all pods; by default what the cluster says; repeatable', initial: '', repeatable: true, check: (value) => (Cidr.parse(value) ? undefined : 'must be a range such as 10.244.0.0/16') },
  { name: 'pod-manifest-path', placeholder: 'DIR', help: 'folder of pods that the node runs of its own accord', initial: '' },
  { name: 'max-pods', placeholder: 'N', help: 'how many pods the node runs', initial: '110', check: (value) => (/^[1-9]\d{0,4}$/.test(value) ? undefined : 'must be a number from 1 to 99999') },
  { name: 'system-reserved', placeholder: 'K=V,...', help: 'what pods do not get, such as cpu=500m,memory=512Mi', initial: '' },
  { name: 'kube-reserved', placeholder: 'K=V,...', help: 'the same, for the agent and its runtime', initial: '' },
  { name: 'eviction-hard', placeholder: 'S<V,...', help: "below what pods are evicted at once; upstream's thresholds by default", initial: '' },
  { name: 'eviction-soft', placeholder: 'S<V,...', help: 'below what they are evicted after a while', initial: '' },
  { name: 'eviction-soft-grace-period', placeholder: 'S=T,...', help: 'and how long that is, such as memory.available=1m30s', initial: '' },
  { name: 'eviction-minimum-reclaim', placeholder: 'S=V,...', help: 'how much more must be left then', initial: '' },
  ...upFlag('log-level'),
  ...upFlag('log-format'),
];

/** Values of a repeatable flag that were given. */
export const given = (values: FlagValues, name: string): readonly string[] => (values.get(name) ?? []).filter((value) => value !== '');

/** Undefined when the flag was not given. */
export const valueIfGiven = (values: FlagValues, name: string): string | undefined => valueOf(values, name) || undefined;

function pairsOf(values: FlagValues, flag: string): [string, string][] {
  return valueOf(values, flag).split(',').filter((one) => one !== '').map((one) => {
    const at = one.indexOf('=');
    if (at <= 0) throw new UsageError(`--${flag} ${one}: must be KEY=VALUE`);
    return [one.slice(0, at), one.slice(at + 1)];
  });
}

/** @throws {UsageError} */
export function nodeLabels(values: FlagValues): Readonly<Record<string, string>> {
  return Object.fromEntries(pairsOf(values, 'node-labels').map(([key, value]) => {
    const problem = qualifiedNameProblem(key) ?? labelValueProblem(value);
    if (problem !== undefined) throw new UsageError(`--node-labels ${key}=${value}: ${problem}`);
    return [key, value];
  }));
}

/** @throws {UsageError} */
export function nodeTaints(values: FlagValues): readonly Taint[] {
  return valueOf(values, 'register-with-taints').split(',').filter((one) => one !== '').map((one) => {
    const [, key = '', value, effect] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(one) ?? [];
    const problem = key === '' ? 'must be KEY=VALUE:EFFECT, with the effect NoSchedule, PreferNoSchedule or NoExecute' : qualifiedNameProblem(key) ?? labelValueProblem(value ?? '');
    if (problem !== undefined) throw new UsageError(`--register-with-taints ${one}: ${problem}`);
    return { key, effect: effect as Taint['effect'], ...(value ? { value } : {}) };
  });
}

/** @throws {UsageError} */
export function reservedOf(values: FlagValues, flag: string): Reserved {
  const pairs = pairsOf(values, flag);
  for (const [resource, amount] of pairs) {
    if (!['cpu', 'memory', 'ephemeral-storage', 'pid'].includes(resource)) throw new UsageError(`--${flag} ${resource}=${amount}: the resource must be cpu, memory, ephemeral-storage or pid`);
    if (!Quantity.isValid(amount) || Quantity.parse(amount).nanos < 0n) throw new UsageError(`--${flag} ${resource}=${amount}: must be an amount such as 500m or 512Mi`);
  }
  return Object.fromEntries(pairs);
}
