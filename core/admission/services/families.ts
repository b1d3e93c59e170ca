import { FieldErrors } from '#core/api/field-errors.ts';
import { ipFamilyOf, type IpFamily } from '#core/api/ip.ts';
import { Service, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { deepEqual } from '#core/api/value.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { isHeadless, validateServiceFamilies } from '#core/registry/rules/service-families.ts';

const otherFamily = (family: IpFamily): IpFamily => (family === 'IPv4' ? 'IPv6' : 'IPv4');

/** Brings `clusterIP` and `clusterIPs` in line: older clients know only the first. */
export function alignClusterIPs(spec: ServiceSpec, old: Pick<ServiceSpec, 'clusterIP' | 'clusterIPs'> = {}): void {
  const { clusterIP = '', clusterIPs = [] } = spec;
  const { clusterIP: before = '', clusterIPs: allBefore = [] } = old;
  if (clusterIP === before && clusterIPs.length === 0 && allBefore.length > 0) spec.clusterIPs = [...allBefore];
  if (clusterIP === before || !deepEqual(clusterIPs, allBefore)) return;
  if (clusterIP === '') delete spec.clusterIPs;
  else spec.clusterIPs = [clusterIP];
}

/** What was chosen for a service that takes both families if there are both stays, also when the cluster changes. */
export const keepsPreference = (spec: ServiceSpec, old: ServiceSpec | undefined): boolean =>
  old !== undefined && spec.type === old.type && spec.type !== 'ExternalName' && spec.ipFamilyPolicy === 'PreferDualStack' &&
  (old.ipFamilyPolicy ?? 'PreferDualStack') === 'PreferDualStack' && deepEqual(spec.clusterIPs ?? [], old.clusterIPs ?? []) &&
  deepEqual(spec.ipFamilies ?? [], old.ipFamilies ?? []);

const policyFor = (spec: ServiceSpec, old: ServiceSpec | undefined): NonNullable<ServiceSpec['ipFamilyPolicy']> =>
  old?.ipFamilyPolicy ?? (isHeadless(spec) && isWithoutSelector(spec) ? 'RequireDualStack' : 'SingleStack');

const isWithoutSelector = ({ selector = {} }: ServiceSpec): boolean => Object.keys(selector).length === 0;

/** Setting the policy to one family is clear intent to give the second one up; giving it up without that is not. */
function reduce(spec: ServiceSpec, old: ServiceSpec, policy: FieldPath): void {
  for (const [list, what] of [['clusterIPs', 'cluster IP'], ['ipFamilies', 'IP family']] as const) {
    const [now = [], before = []] = [spec[list], old[list]];
    if (spec.ipFamilyPolicy === 'SingleStack') {
      if (now.length > 1 && deepEqual(now, before)) now.splice(1);
    } else if (now.length > 0 && now.length < before.length) {
      policy.invalid(spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);
    }
  }
}

function checkPolicy({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: ServiceSpec, policy: FieldPath): void {
  if (ipFamilyPolicy !== 'SingleStack') return;
  const rule = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
  if (clusterIPs.length === 2) policy.invalid(ipFamilyPolicy, `${rule} cluster IPs are specified`);
  if (ipFamilies.length === 2) policy.invalid(ipFamilyPolicy, `${rule} IP families are specified`);
}

function inferFamilies(spec: ServiceSpec, known: readonly IpFamily[], field: FieldPath): void {
  const families = [...(spec.ipFamilies ?? [])];
  for (const [i, ip] of (spec.clusterIPs ?? []).entries()) {
    const family = ipFamilyOf(ip);
    if (family === undefined || i < families.length) continue;
    if (known.includes(family)) families.push(family);
    else field.at('clusterIPs', i).invalid(spec.clusterIPs, `${family} is not configured on this cluster`);
  }
  if (families.length > 0) spec.ipFamilies = families;
}

function checkFamilies({ ipFamilyPolicy, ipFamilies = [] }: ServiceSpec, known: readonly IpFamily[], field: FieldPath): void {
  if (ipFamilyPolicy === 'RequireDualStack' && known.length < 2) {
    field.at('ipFamilyPolicy').invalid(ipFamilyPolicy, 'this cluster is not configured for dual-stack services');
  }
  for (const [i, family] of ipFamilies.entries()) {
    if (!known.includes(family)) field.at('ipFamilies', i).invalid(family, 'not configured on this cluster');
  }
}

function completeFamilies(spec: ServiceSpec, known: readonly IpFamily[], standard: IpFamily, anyway: boolean): void {
  const [first = standard, second] = spec.ipFamilies ?? [];
  const wantsBoth = spec.ipFamilyPolicy !== 'SingleStack' && (anyway || known.length === 2);
  const other = second ?? (wantsBoth ? otherFamily(first) : undefined);
  spec.ipFamilies = other === undefined ? [first] : [first, other];
}

/**
 * Decides on policy and families of a service (KEP-563), in place.
 * @param known the families of the cluster, the preferred one first
 * @throws {StatusError} Invalid when they contradict each other or the cluster
 */
export function decideFamilies({ metadata, spec }: Service, old: ServiceSpec | undefined, known: readonly [IpFamily, ...IpFamily[]]): void {
  if (spec.type === 'ExternalName' || keepsPreference(spec, old)) return;
  const errors = new FieldErrors();
  const field = FieldPath.root(errors).at('spec');
  const done = (): void => errors.throwIfAny(Service, metadata.name);
  spec.ipFamilyPolicy ??= policyFor(spec, old);
  validateServiceFamilies(spec, field);
  done();
  if (old !== undefined) reduce(spec, old, field.at('ipFamilyPolicy'));
  checkPolicy(spec, field.at('ipFamilyPolicy'));
  inferFamilies(spec, known, field);
  done();
  // Endpoints of such a service are somebody else's: they may have families that the cluster itself does not.
  const free = isHeadless(spec) && isWithoutSelector(spec);
  if (!free) checkFamilies(spec, known, field);
  done();
  completeFamilies(spec, known, known[0], free);
}
