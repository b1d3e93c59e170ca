import type { ResolverSettings } from '#core/api/resolver-settings.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';

export interface ResolvConfOptions {
  /** Addresses of the cluster's name server; empty where there is none. */
  readonly clusterDns: readonly string[];
  /** `cluster.local`; pods get no search domains of the cluster when it is empty. */
  readonly clusterDomain: string;
  /** The node's own settings. */
  readonly host: ResolverSettings;
}

/** For an event of type Warning on the pod. */
export interface DnsWarning {
  readonly reason: 'DNSConfigForming' | 'MissingClusterDNS';
  readonly message: string;
}

export interface ResolvConf {
  readonly text: string;
  readonly warnings: readonly DnsWarning[];
}

/** What resolvers take: glibc three servers, and KEP-2595's lists of domains. */
const limits = { nameservers: 3, searches: 32, searchCharacters: 2048, domainCharacters: 253 } as const;

/** The pod's /etc/resolv.conf by its `dnsPolicy` and `dnsConfig`. What exceeds the limits of resolvers is left out, with a warning. */
export function resolvConf(pod: Pod, options: ResolvConfOptions): ResolvConf {
  const warnings: DnsWarning[] = [];
  const { nameservers, searches, options: words } = withDnsConfig(byPolicy(pod, options, warnings), pod);
  const warn = (message: string): void => {
    warnings.push({ reason: 'DNSConfigForming', message });
  };
  const servers = fittingServers(nameservers, warn);
  const domains = fittingSearches(searches, warn);
  const kept = words.filter((word) => !/\s/.test(word));
  if (kept.length < words.length) warn(`Resolver options with blanks in them have been omitted, the applied options are: ${kept.join(' ')}`);
  return { text: [...line('search', domains), ...servers.map((server) => `nameserver ${server}\n`), ...line('options', kept)].join(''), warnings };
}

const line = (word: string, values: readonly string[]): readonly string[] => (values.length === 0 ? [] : [`${word} ${values.join(' ')}\n`]);

function byPolicy(pod: Pod, { clusterDns, clusterDomain, host }: ResolvConfOptions, warnings: DnsWarning[]): ResolverSettings {
  const { dnsPolicy: policy = 'ClusterFirst', hostNetwork = false } = pod.spec;
  if (policy === 'None') return { nameservers: [], searches: [], options: [] };
  if (policy === 'Default' || (policy === 'ClusterFirst' && hostNetwork)) return host;
  if (clusterDns.length > 0) return { nameservers: clusterDns, searches: clusterSearches(pod, clusterDomain, host), options: ['ndots:5'] };
  const { name, namespace = '', uid } = pod.metadata;
  warnings.push({
    reason: 'MissingClusterDNS',
    message: `pod: "${name}_${namespace}(${uid})". kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.`,
  });
  return host;
}

function clusterSearches({ metadata: { namespace = '' } }: Pod, clusterDomain: string, host: ResolverSettings): readonly string[] {
  if (clusterDomain === '') return host.searches;
  return unique([`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...host.searches]);
}

function withDnsConfig(base: ResolverSettings, { spec: { dnsConfig } }: Pod): ResolverSettings {
  if (dnsConfig === undefined) return base;
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  const own = options.map(({ name, value }) => [name, value].filter((part) => part !== undefined && part !== '').join(':'));
  return {
    nameservers: unique([...base.nameservers, ...nameservers]),
    searches: unique([...base.searches, ...searches]),
    options: lastOfEach([...base.options, ...own].filter((word) => word !== '')),
  };
}

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

/** An option that comes again takes the place of the earlier one. */
const lastOfEach = (words: readonly string[]): readonly string[] => [...new Map(words.map((word) => [word.replace(/:.*/, ''), word])).values()];

function fittingServers(nameservers: readonly string[], warn: (message: string) => void): readonly string[] {
  if (nameservers.length <= limits.nameservers) return nameservers;
  const kept = nameservers.slice(0, limits.nameservers);
  warn(`Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${kept.join(' ')}`);
  return kept;
}

function fittingSearches(searches: readonly string[], warn: (message: string) => void): readonly string[] {
  const kept = searches.slice(0, limits.searches).filter((domain) => domain.length <= limits.domainCharacters);
  while (kept.join(' ').length > limits.searchCharacters) kept.pop();
  if (kept.length < searches.length) warn(`Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${kept.join(' ')}`);
  return kept;
}
