import { dnsSubdomainProblem, qualifiedNameProblem } from '#core/api/names.ts';
import type { ContainerStatus } from '#core/api/schema/core-v1/container-status.ts';
import { Binding, Pod } from '#core/api/schema/core-v1/pod.ts';
import { PodProxyOptions } from '#core/api/schema/core-v1/proxy-options.ts';
import { Eviction } from '#core/api/schema/policy-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { ephemeralContainersSubresource } from './rules/ephemeral-containers.ts';
import { FieldPath } from './rules/field-path.ts';
import { mirrorAnnotation, validatePodAnnotations } from './rules/pod-annotations.ts';
import { defaultPod } from './rules/pod-defaults.ts';
import { qosClassOf } from './rules/pod-qos.ts';
import { resizeSubresource } from './rules/pod-resize.ts';
import { validatePodSpec } from './rules/pod-spec.ts';
import { podReadyText, podRestartsText, podStatusText, readinessGatesText } from './rules/pod-text.ts';
import { validatePodSpecUpdate } from './rules/pod-update.ts';
import { podSpecWarnings } from './rules/pod-warnings.ts';
import { proxySubresource } from './rules/proxy.ts';
import { ipFamily, ipProblem } from './rules/syntax.ts';

function validateMirrorUpdate(now: Pod, old: Pod, field: FieldPath): void {
  const [before, after] = [old.metadata.annotations?.[mirrorAnnotation], now.metadata.annotations?.[mirrorAnnotation]];
  if (before === after) return;
  field.key(mirrorAnnotation).forbidden(before === undefined ? 'may not add mirror pod annotation' : 'may not remove or update mirror pod annotation');
}

function validateAddresses(addresses: readonly { readonly ip: string }[], field: FieldPath): void {
  const families = new Set<number>();
  for (const [i, { ip }] of addresses.entries()) {
    field.at(i).check(ip, ipProblem(ip));
    families.add(ipFamily(ip));
  }
  if (addresses.length > families.size) field.invalid(addresses, 'may specify no more than one IP for each IP family');
}

/** A container that has ended for good does not come back. */
function validateTransitions(now: readonly ContainerStatus[] = [], old: readonly ContainerStatus[] = [], policy: string, field: FieldPath): void {
  if (policy === 'Always') return;
  const alive = new Set(now.filter(({ state }) => state.terminated === undefined).map(({ name }) => name));
  for (const [i, { name, state }] of old.entries()) {
    if (state.terminated === undefined || (policy === 'OnFailure' && state.terminated.exitCode !== 0)) continue;
    if (alive.has(name)) field.at(i, 'state').forbidden('may not be transitioned to non-terminated state');
  }
}

const addressOf = ({ status }: Pod): string => status.podIPs?.[0]?.ip ?? status.podIP ?? '';

const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

export const pods = resource<Pod>({
  kind: Pod,
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,
  subresources: [
    ephemeralContainersSubresource,
    resizeSubresource,
    { name: 'binding', verbs: ['create'], kind: Binding },
    { name: 'eviction', verbs: ['create'], kind: Eviction },
    proxySubresource(PodProxyOptions),
  ],

  defaults: defaultPod,
  prepareForCreate(pod) {
    pod.status = { phase: 'Pending', qosClass: qosClassOf(pod.spec) };
    if ((pod.spec.schedulingGates ?? []).length > 0) {
      pod.status.conditions = [
        { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' },
      ];
    }
  },
  validate(pod, errors) {
    const root = FieldPath.root(errors);
    validatePodAnnotations(pod.metadata.annotations, pod.spec, root.at('metadata', 'annotations'));
    validatePodSpec(pod.spec, pod.metadata.name, root.at('spec'));
  },
  validateCreate({ spec }, errors) {
    if ((spec.ephemeralContainers ?? []).length > 0) errors.forbidden('spec.ephemeralContainers', 'cannot be set on create');
    if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
      errors.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared');
    }
  },
  validateUpdate(pod, old, errors) {
    const root = FieldPath.root(errors);
    validateMirrorUpdate(pod, old, root.at('metadata', 'annotations'));
    validatePodSpecUpdate(pod, old, root.at('spec'));
  },
  validateStatus(pod, old, errors) {
    const field = FieldPath.root(errors).at('status');
    const { status, spec } = pod;
    for (const [i, { type }] of (status.conditions ?? []).entries()) {
      if (!systemConditions.has(type)) field.at('conditions', i, 'type').check(type, qualifiedNameProblem(type));
    }
    field.at('nominatedNodeName').optional(status.nominatedNodeName, dnsSubdomainProblem);
    const policy = spec.restartPolicy ?? 'Always';
    const sidecars = new Set(spec.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
    const initStatuses = old.status.initContainerStatuses?.filter(({ name }) => !sidecars.has(name));
    validateTransitions(status.containerStatuses, old.status.containerStatuses, policy, field.at('containerStatuses'));
    validateTransitions(status.initContainerStatuses, initStatuses, policy, field.at('initContainerStatuses'));
    validateTransitions(status.ephemeralContainerStatuses, old.status.ephemeralContainerStatuses, 'Never', field.at('ephemeralContainerStatuses'));
    validateAddresses(status.podIPs ?? [], field.at('podIPs'));
    validateAddresses(status.hostIPs ?? [], field.at('hostIPs'));
    const [first] = status.hostIPs ?? [];
    if (first !== undefined && first.ip !== status.hostIP) field.at('hostIPs', 0, 'ip').invalid(first.ip, 'must be equal to `hostIP`');
  },

  gracePeriodSeconds({ spec, status }, asked) {
    if ((spec.nodeName ?? '') === '' || status.phase === 'Failed' || status.phase === 'Succeeded') return 0;
    const seconds = asked ?? spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
  warnings: ({ spec }) => podSpecWarnings(spec, 'spec'),

  columns: [
    nameColumn,
    { name: 'Ready', type: 'string', description: 'Containers that are ready, of all.', cell: podReadyText },
    { name: 'Status', type: 'string', description: 'What the containers do, in one word.', cell: podStatusText },
    { name: 'Restarts', type: 'string', description: 'How often containers were restarted, and when last.', cell: podRestartsText },
    ageColumn,
    { name: 'IP', type: 'string', priority: 1, description: 'Address of the pod.', cell: (pod) => addressOf(pod) || '<none>' },
    { name: 'Node', type: 'string', priority: 1, description: 'Node of the pod.', cell: ({ spec }) => spec.nodeName || '<none>' },
    {
      name: 'Nominated Node', type: 'string', priority: 1, description: 'Node on which room is being made.',
      cell: ({ status }) => status.nominatedNodeName || '<none>',
    },
    { name: 'Readiness Gates', type: 'string', priority: 1, description: 'Readiness gates that are passed, of all.', cell: readinessGatesText },
  ],
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.host': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status.phase ?? '',
    'status.podIP': addressOf,
    'status.podIPs': ({ status }) => status.podIPs?.map(({ ip }) => ip).join(',') ?? '',
    'status.nominatedNodeName': ({ status }) => status.nominatedNodeName ?? '',
  },
});
