import { dnsSubdomainProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import type { Pod, PodStatus } from '#core/api/schema/core-v1/pod.ts';
import type { FieldPath } from './field-path.ts';
import { ipFamily, ipProblem } from './syntax.ts';

function validateAddresses(addresses: readonly { readonly ip: string }[], field: FieldPath): void {
  const families = new Set<number>();
  for (const [i, { ip }] of addresses.entries()) {
    field.at(i).check(ip, ipProblem(ip));
    families.add(ipFamily(ip));
  }
  if (addresses.length > families.size) field.invalid(addresses, 'may specify no more than one IP for each IP family');
}

/** A container that has ended does not come back, but for those that may. */
function validateTransitions(now: readonly ContainerStatus[] = [], old: readonly ContainerStatus[] = [], mayReturn: (status: ContainerStatus) => boolean, field: FieldPath): void {
  const alive = new Set(now.filter(({ state }) => state.terminated === undefined).map(({ name }) => name));
  for (const [i, status] of old.entries()) {
    if (status.state.terminated !== undefined && !mayReturn(status) && alive.has(status.name)) field.at(i, 'state').forbidden('may not be transitioned to non-terminated state');
  }
}

function validateClaims({ spec, status }: Pod, field: FieldPath): void {
  const claims = new Set(spec.resourceClaims?.map(({ name }) => name));
  const seen = new Set<string>();
  for (const [i, { name, resourceClaimName }] of (status.resourceClaimStatuses ?? []).entries()) {
    const at = field.at(i, 'name');
    if (!claims.has(name)) at.invalid(name, 'must match the name of an entry in `spec.resourceClaims`');
    if (seen.has(name)) at.duplicate(name);
    seen.add(name);
    at.optional(resourceClaimName, dnsSubdomainProblem);
  }
}

const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

function validateConditions({ conditions = [] }: PodStatus, field: FieldPath): void {
  for (const [i, { type }] of conditions.entries()) {
    if (!systemConditions.has(type)) field.at(i, 'type').check(type, qualifiedNameProblem(type));
  }
}

function validateEnds({ spec, status: now }: Pod, { status: old }: Pod, field: FieldPath): void {
  const { restartPolicy = 'Always', initContainers = [] } = spec;
  const mayReturn = ({ state }: ContainerStatus): boolean => restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && state.terminated?.exitCode !== 0);
  const isSidecar = ({ name }: ContainerStatus): boolean => initContainers.find((container) => container.name === name)?.restartPolicy === 'Always';
  validateTransitions(now.containerStatuses, old.containerStatuses, mayReturn, field.at('containerStatuses'));
  validateTransitions(now.initContainerStatuses, old.initContainerStatuses, (status) => mayReturn(status) || isSidecar(status), field.at('initContainerStatuses'));
  validateTransitions(now.ephemeralContainerStatuses, old.ephemeralContainerStatuses, () => false, field.at('ephemeralContainerStatuses'));
}

function validateHosts({ hostIP, hostIPs = [] }: PodStatus, field: FieldPath): void {
  validateAddresses(hostIPs, field);
  const [first] = hostIPs;
  if (first !== undefined && first.ip !== hostIP) field.at(0, 'ip').invalid(first.ip, 'must be equal to `hostIP`');
}

/** The step from one status to the next. @param field the status */
export function validatePodStatus(pod: Pod, old: Pod, field: FieldPath): void {
  const { status: now } = pod;
  const { status: before } = old;
  validateConditions(now, field.at('conditions'));
  if (now.nominatedNodeName !== before.nominatedNodeName) field.at('nominatedNodeName').optional(now.nominatedNodeName, dnsSubdomainProblem);
  if (now.qosClass !== before.qosClass) field.at('qosClass').invalid(now.qosClass ?? '', 'field is immutable');
  validateEnds(pod, old, field);
  validateClaims(pod, field.at('resourceClaimStatuses'));
  validateAddresses(now.podIPs ?? [], field.at('podIPs'));
  validateHosts(now, field.at('hostIPs'));
}

/** What the status was made from, of the pod and of each condition, where a writer does not say: in the order of those with the same type. */
function keepGenerations(now: PodStatus, old: PodStatus): void {
  if (!now.observedGeneration && old.observedGeneration) now.observedGeneration = old.observedGeneration;
  const known = new Map<string, (number | undefined)[]>();
  for (const { type, observedGeneration } of old.conditions ?? []) {
    const others = known.get(type);
    if (others) others.push(observedGeneration);
    else known.set(type, [observedGeneration]);
  }
  for (const condition of now.conditions ?? []) {
    const generation = known.get(condition.type)?.shift();
    if (!condition.observedGeneration && generation) condition.observedGeneration = generation;
  }
}

/** Node agents that do not know all of the status leave that out. */
export function keepPodStatus({ status: now }: Pod, { status: old }: Pod): void {
  if (old.qosClass !== undefined) now.qosClass ??= old.qosClass;
  keepGenerations(now, old);
}
