import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** What Linux takes as a host name, without the final zero. */
const longest = 63;
const longestFqdn = 64;

export interface PodHostname {
  /** A label, cut to 63 characters. */
  readonly hostname: string;
  /** `<subdomain>.<namespace>.svc.<cluster domain>`; empty without a subdomain. */
  readonly domain: string;
}

/** The names by which a pod knows itself: `hostname` or its own name, and the domain that `subdomain` puts it in. */
export function podHostname({ metadata: { name, namespace = '' }, spec }: Pod, clusterDomain: string): PodHostname {
  const { hostname = '', subdomain = '', hostnameOverride = '' } = spec;
  if (hostnameOverride !== '') return { hostname: hostnameOverride, domain: '' };
  const wanted = hostname === '' ? name : hostname;
  return {
    hostname: wanted.length <= longest ? wanted : wanted.slice(0, longest).replace(/[-.]+$/, ''),
    domain: subdomain === '' ? '' : `${subdomain}.${namespace}.svc.${clusterDomain}`,
  };
}

/**
 * What the kernel is told as the pod's host name: with `setHostnameAsFQDN` the full name.
 * @throws {RangeError} when that is longer than the 64 characters that the kernel takes
 */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain);
  if (pod.spec.setHostnameAsFQDN !== true || domain === '') return hostname;
  const fqdn = `${hostname}.${domain}`;
  if (fqdn.length > longestFqdn) throw new RangeError(`failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${longestFqdn} characters is the max, ${fqdn.length} characters requested)`);
  return fqdn;
}
