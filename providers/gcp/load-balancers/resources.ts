import type { protos } from '@google-cloud/compute';
import type { BalancerPlan } from './plan.ts';

export type ForwardingRule = protos.google.cloud.compute.v1.IForwardingRule;
export type BackendService = protos.google.cloud.compute.v1.IBackendService;
export type Firewall = protos.google.cloud.compute.v1.IFirewall;
export type HealthCheck = protos.google.cloud.compute.v1.IHealthCheck;
export type Address = protos.google.cloud.compute.v1.IAddress;

/** What every resource is told by. */
export interface Titled {
  readonly name: string;
  readonly description: string;
}

/** From where Google's probes come. */
export const probeRanges: readonly string[] = ['130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22', '35.191.0.0/16'];
/** How long connections of a target that leaves may go on. */
const drainingSeconds = 30;

/** A resource's path from its project on, of a link in whatever form. */
export const pathOf = (link: string | null | undefined): string => /(?:zones|regions|global)\/.*$/.exec(link ?? '')?.[0] ?? link ?? '';

const sorted = (values: readonly string[] | null | undefined): string => [...(values ?? [])].toSorted().join(',');

/** By HTTP, as kube-proxy and health-check node ports answer. */
export function healthCheckOf({ port, path }: { readonly port: number; readonly path: string }, titled: Titled): HealthCheck {
  return { ...titled, type: 'HTTP', checkIntervalSec: 8, timeoutSec: 1, healthyThreshold: 1, unhealthyThreshold: 3, httpHealthCheck: { port, requestPath: path } };
}

export function isSameCheck(found: HealthCheck, wanted: HealthCheck): boolean {
  const [one, other] = [found, wanted].map(({ type, checkIntervalSec, timeoutSec, healthyThreshold, unhealthyThreshold, httpHealthCheck }) =>
    [type, checkIntervalSec, timeoutSec, healthyThreshold, unhealthyThreshold, httpHealthCheck?.port, httpHealthCheck?.requestPath].join(' '));
  return one === other;
}

export interface FirewallPlace {
  readonly network: string;
  readonly nodeTags: readonly string[];
}

/** Lets Google's probes come to a port of the nodes. */
export function probesFirewallOf(port: number, { network, nodeTags }: FirewallPlace, titled: Titled): Firewall {
  return { ...titled, network: `global/networks/${network}`, direction: 'INGRESS', disabled: false, sourceRanges: [...probeRanges], allowed: [{ IPProtocol: 'tcp', ports: [String(port)] }], ...(nodeTags.length === 0 ? {} : { targetTags: [...nodeTags] }) };
}

/** Lets clients come to the load balancer's address, and to nothing else of the nodes. */
export function firewallOf({ allowed, sourceRanges }: Pick<BalancerPlan, 'allowed' | 'sourceRanges'>, address: string, { network, nodeTags }: FirewallPlace, titled: Titled): Firewall {
  return {
    ...titled, network: `global/networks/${network}`, direction: 'INGRESS', disabled: false, sourceRanges: [...sourceRanges], destinationRanges: [`${address}/32`],
    allowed: allowed.map(({ IPProtocol, ports }) => ({ IPProtocol, ports: [...ports] })), ...(nodeTags.length === 0 ? {} : { targetTags: [...nodeTags] }),
  };
}

export function isSameFirewall(found: Firewall, wanted: Firewall): boolean {
  const [one, other] = [found, wanted].map(({ direction, disabled, sourceRanges, destinationRanges, targetTags, sourceTags, allowed, denied }) => JSON.stringify([
    direction, disabled === true, sorted(sourceRanges), sorted(destinationRanges?.map((range) => (range.includes('/') ? range : `${range}/32`))), sorted(targetTags), sorted(sourceTags), denied?.length ?? 0,
    sorted(allowed?.map(({ IPProtocol, ports }) => `${IPProtocol?.toLowerCase()} ${sorted(ports)}`)),
  ]));
  return one === other;
}

export interface ServiceParts {
  readonly plan: Pick<BalancerPlan, 'scheme' | 'sessionAffinity'>;
  readonly healthCheck: string;
  /** Paths of instance groups. */
  readonly groups: readonly string[];
}

/** For any protocol, so that a change of the service's protocols only concerns its forwarding rule. */
export function backendServiceOf({ plan: { scheme, sessionAffinity }, healthCheck, groups }: ServiceParts, titled: Titled): BackendService {
  return {
    ...titled, loadBalancingScheme: scheme, protocol: 'UNSPECIFIED', sessionAffinity, connectionDraining: { drainingTimeoutSec: drainingSeconds },
    healthChecks: [healthCheck], backends: groups.map((group) => ({ group, balancingMode: 'CONNECTION' })),
  };
}

/** Whether it can be changed into what is wanted. */
export const isServiceOfKind = (found: BackendService, { scheme }: Pick<BalancerPlan, 'scheme'>): boolean => found.loadBalancingScheme === scheme && found.protocol === 'UNSPECIFIED';

export function isSameService(found: BackendService, wanted: BackendService): boolean {
  const [one, other] = [found, wanted].map(({ sessionAffinity, connectionDraining, healthChecks, backends }) =>
    [sessionAffinity, connectionDraining?.drainingTimeoutSec, sorted(healthChecks?.map(pathOf)), sorted(groupsOf({ backends }))].join(' '));
  return one === other;
}

export const groupsOf = ({ backends }: Pick<BackendService, 'backends'>): readonly string[] => (backends ?? []).map(({ group }) => pathOf(group));

export interface RulePlace {
  readonly project: string;
  readonly region: string;
  readonly network: string;
  readonly subnetwork: string | undefined;
}

const subnetworkOf = ({ subnetwork }: BalancerPlan, place: RulePlace): string | undefined => {
  const name = subnetwork ?? place.subnetwork;
  return name === undefined ? undefined : `projects/${place.project}/regions/${place.region}/subnetworks/${name}`;
};
const networkOf = ({ project, network }: RulePlace): string => `projects/${project}/global/networks/${network}`;

/** @param address undefined: any */
export function forwardingRuleOf(plan: BalancerPlan, backendService: string, address: string | undefined, place: RulePlace, titled: Titled): ForwardingRule {
  const { scheme, traffic: { ports, ...traffic }, networkTier, allowGlobalAccess } = plan;
  const subnetwork = subnetworkOf(plan, place);
  return {
    ...titled, loadBalancingScheme: scheme, backendService, ...traffic, ...(ports === undefined ? {} : { ports: [...ports] }), ...(address === undefined ? {} : { IPAddress: address }),
    ...(scheme === 'EXTERNAL' ? { networkTier } : { network: networkOf(place), allowGlobalAccess, ...(subnetwork === undefined ? {} : { subnetwork }) }),
  };
}

/** Whether an address could stay what it is under the plan: of the same side, tier and subnetwork. */
export function isAddressOfKind({ scheme, networkTier, subnetwork }: { readonly scheme: unknown; readonly networkTier: unknown; readonly subnetwork: string | null | undefined }, plan: BalancerPlan, place: RulePlace): boolean {
  if (scheme !== plan.scheme) return false;
  if (scheme === 'EXTERNAL') return networkTier === plan.networkTier;
  const wanted = subnetworkOf(plan, place);
  return wanted === undefined || pathOf(wanted) === pathOf(subnetwork);
}

/** Whether the rule does what is wanted but for what can be changed of it. */
export function isRuleOfKind(found: ForwardingRule, wanted: ForwardingRule, plan: BalancerPlan, place: RulePlace): boolean {
  const { loadBalancingScheme: scheme, networkTier, subnetwork, IPAddress, backendService, network } = found;
  if (!isAddressOfKind({ scheme, networkTier, subnetwork }, plan, place)) return false;
  if (scheme === 'INTERNAL' && pathOf(network) !== pathOf(wanted.network)) return false;
  return pathOf(backendService) === pathOf(wanted.backendService) && trafficKey(found) === trafficKey(wanted) && (plan.address === undefined || plan.address === IPAddress) && (IPAddress ?? '') !== '';
}

function trafficKey({ IPProtocol, ports, portRange, allPorts }: ForwardingRule): string {
  return [IPProtocol, sorted(ports), portRange ?? '', allPorts === true].join(' ');
}

/** Keeps an address that a forwarding rule has, so that another rule can have it. */
export function addressOf(ip: string, plan: BalancerPlan, { subnetwork }: ForwardingRule, titled: Titled): Address {
  return { ...titled, address: ip, addressType: plan.scheme, ...(plan.scheme === 'EXTERNAL' ? { networkTier: plan.networkTier } : { subnetwork: subnetwork ?? '', purpose: 'GCE_ENDPOINT' }) };
}
