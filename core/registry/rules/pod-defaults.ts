import type { Container, Probe } from '#core/api/schema/core-v1/container.ts';
import type { Pod, PodSpec, PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { VolumeSource, type Volume } from '#core/api/schema/core-v1/volumes.ts';

/** `Always` for the tag latest, which is also meant when there is neither tag nor digest. */
export function pullPolicyFor(image: string): 'Always' | 'IfNotPresent' {
  const [reference = '', digest] = image.split('@');
  const [, tag] = (reference.split('/').at(-1) ?? '').split(':');
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}

/** Go cannot tell 0 from absent here, so 0 asks for the default too. */
function defaultProbe(probe: Probe | undefined): void {
  if (probe === undefined) return;
  if (probe.timeoutSeconds === 0) probe.timeoutSeconds = 1;
  if (probe.periodSeconds === 0) probe.periodSeconds = 10;
  if (probe.successThreshold === 0) probe.successThreshold = 1;
  if (probe.failureThreshold === 0) probe.failureThreshold = 3;
}

function defaultContainer(container: Container): void {
  container.imagePullPolicy ??= pullPolicyFor(container.image ?? '');
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
}

function defaultRequests({ resources }: Container): void {
  if (resources.limits !== undefined) resources.requests = { ...resources.limits, ...resources.requests };
}

function defaultHostPorts({ ports }: Container): void {
  for (const port of ports ?? []) if ((port.hostPort ?? 0) === 0) port.hostPort = port.containerPort;
}

function defaultVolume(volume: Volume): void {
  const hasSource = [...VolumeSource.fields.keys()].some((name) => name in volume);
  if (!hasSource) volume.emptyDir = {};
  if (volume.image !== undefined) volume.image.pullPolicy ??= pullPolicyFor(volume.image.reference ?? '');
}

/** Defaults that depend on other fields, in pods and in templates. */
function defaultPodSpec(spec: PodSpec): void {
  for (const container of [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  const account = spec.serviceAccountName === undefined || spec.serviceAccountName === '' ? spec.serviceAccount : spec.serviceAccountName;
  if (account !== undefined && account !== '') {
    spec.serviceAccountName = account;
    spec.serviceAccount = account;
  }
}

/** As `defaultPod`, without what is only settled when the pod is made: requests, ports of the node, links to services. */
export const defaultPodTemplate = ({ spec }: PodTemplateSpec): void => defaultPodSpec(spec);

export function defaultPod({ spec }: Pod): void {
  defaultPodSpec(spec);
  spec.enableServiceLinks ??= true;
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    defaultRequests(container);
    if (spec.hostNetwork === true) defaultHostPorts(container);
  }
}
