import type { PodDNSConfig, PodSpec } from '#core/api/schema/core-v1/pod.ts';
import { dnsLabelProblem, dnsSubdomainProblem, qualifiedNameProblem } from '#core/api/names.ts';
import { validateRequirements, type Amounts } from './amounts.ts';
import { validateContainers } from './containers.ts';
import type { FieldPath } from './field-path.ts';
import { validatePodVolumes } from './pod-volumes.ts';
import { validateAffinity, validateSpread, validateTolerations } from './scheduling.ts';
import { validatePodSecurity } from './security.ts';
import { validateLabels } from './selectors.ts';
import { ipProblem } from './syntax.ts';

function validateDnsConfig({ nameservers = [], searches = [], options = [] }: PodDNSConfig, field: FieldPath): void {
  if (nameservers.length > 3) field.at('nameservers').invalid(nameservers, 'must not have more than 3 nameservers');
  for (const [i, server] of nameservers.entries()) field.at('nameservers', i).check(server, ipProblem(server));
  validateSearches(searches, field);
  for (const [i, { name = '' }] of options.entries()) if (name === '') field.at('options', i).required('must not be empty');
}

function validateSearches(searches: readonly string[], field: FieldPath): void {
  if (searches.length > 32) field.at('searches').invalid(searches, 'must not have more than 32 search paths');
  if (searches.join(' ').length > 2048) {
    field.at('searches').invalid(searches, 'must not have more than 2048 characters (including spaces) in the search list');
  }
  for (const [i, search] of searches.entries()) {
    const name = search.replace(/\.$/, '');
    if (search !== '.') field.at('searches', i).check(name, searchProblem(name));
  }
}

/** Search paths may hold underscores, unlike host names. */
const searchProblem = (name: string): string | undefined => dnsSubdomainProblem(name.replaceAll('_', 'a'));

function validateDns({ dnsPolicy, dnsConfig }: PodSpec, field: FieldPath): void {
  if (dnsPolicy === 'None' && dnsConfig === undefined) field.required('must provide `dnsConfig` when `dnsPolicy` is None');
  else if (dnsPolicy === 'None' && (dnsConfig?.nameservers ?? []).length === 0) {
    field.at('nameservers').required('must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  if (dnsConfig !== undefined) validateDnsConfig(dnsConfig, field);
}

function validateNames(spec: PodSpec, field: FieldPath): void {
  for (const name of ['serviceAccountName', 'nodeName', 'priorityClassName', 'runtimeClassName'] as const) field.at(name).optional(spec[name], dnsSubdomainProblem);
  for (const name of ['hostname', 'subdomain'] as const) field.at(name).optional(spec[name], dnsLabelProblem);
  for (const [i, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    field.at('readinessGates', i, 'conditionType').check(conditionType, qualifiedNameProblem(conditionType));
  }
  for (const [i, { ip, hostnames }] of (spec.hostAliases ?? []).entries()) {
    field.at('hostAliases', i, 'ip').check(ip, ipProblem(ip));
    for (const [j, name] of (hostnames ?? []).entries()) field.at('hostAliases', i, 'hostnames', j).check(name, dnsSubdomainProblem(name));
  }
}

function validateGates({ schedulingGates }: PodSpec, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, { name }] of (schedulingGates ?? []).entries()) {
    field.at(i).check(name, qualifiedNameProblem(name));
    if (seen.has(name)) field.at(i).duplicate(name);
    seen.add(name);
  }
}

function validateDeviceClaims({ resourceClaims }: PodSpec, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, claim] of (resourceClaims ?? []).entries()) {
    const at = field.at(i);
    const { name, resourceClaimName, resourceClaimTemplateName } = claim;
    at.at('name').name(name, dnsLabelProblem);
    if (seen.has(name)) at.at('name').duplicate(name);
    seen.add(name);
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      at.invalid(claim, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified');
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      at.invalid(claim, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`');
    }
    at.at('resourceClaimName').optional(resourceClaimName, dnsSubdomainProblem);
    at.at('resourceClaimTemplateName').optional(resourceClaimTemplateName, dnsSubdomainProblem);
  }
}

const ofPods = new Set(['cpu', 'memory']);

function validatePodResources({ resources }: PodSpec, field: FieldPath): void {
  if (resources === undefined) return;
  validateRequirements(resources, field);
  const supported = (amounts: Amounts, at: FieldPath): void => {
    for (const name of Object.keys(amounts ?? {})) {
      if (!ofPods.has(name) && !name.startsWith('hugepages-')) at.key(name).notSupported(name, [...ofPods, 'hugepages-']);
    }
  };
  supported(resources.limits, field.at('limits'));
  supported(resources.requests, field.at('requests'));
  if ((resources.claims ?? []).length > 0) field.at('claims').forbidden('claims may not be set for Resources at pod-level');
}

function forbidTokensWithoutAccount({ serviceAccountName = '', volumes }: PodSpec, field: FieldPath): void {
  if (serviceAccountName !== '') return;
  for (const [i, volume] of (volumes ?? []).entries()) {
    for (const [j, { serviceAccountToken }] of (volume.projected?.sources ?? []).entries()) {
      if (serviceAccountToken === undefined) continue;
      field.at('volumes', i, 'projected', 'sources', j, 'serviceAccountToken').forbidden('must not be specified when serviceAccountName is not set');
    }
  }
}

/** Everything a pod's spec must satisfy, at creation and after each update. @param podName '' for a template, which has no name yet */
export function validatePodSpec(spec: PodSpec, podName: string, field: FieldPath): void {
  const volumes = validatePodVolumes(spec.volumes, podName, field.at('volumes'));
  validateContainers({ spec, volumes, claims: new Set(spec.resourceClaims?.map(({ name }) => name)), isTemplate: podName === '' }, field);
  validateLabels(spec.nodeSelector, field.at('nodeSelector'));
  validatePodSecurity(spec, field);
  validateAffinity(spec.affinity, field.at('affinity'));
  validateTolerations(spec.tolerations, field.at('tolerations'));
  validateSpread(spec.topologySpreadConstraints, field.at('topologySpreadConstraints'));
  validateDns(spec, field.at('dnsConfig'));
  validateNames(spec, field);
  validateGates(spec, field.at('schedulingGates'));
  validateDeviceClaims(spec, field.at('resourceClaims'));
  validatePodResources(spec, field.at('resources'));
  validateRequirements({ limits: spec.overhead }, field.at('overhead'));
  field.at('activeDeadlineSeconds').within(spec.activeDeadlineSeconds, 1, 2 ** 31 - 1);
  forbidTokensWithoutAccount(spec, field);
}
