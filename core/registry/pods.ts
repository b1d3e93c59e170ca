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
import { keepPodStatus, validatePodStatus } from './rules/pod-status.ts';
import { podReadyText, podRestartsText, podStatusText, readinessGatesText } from './rules/pod-text.ts';
import { validatePodSpecUpdate } from './rules/pod-update.ts';
import { podSpecWarnings } from './rules/pod-warnings.ts';
import { proxySubresource } from './rules/proxy.ts';
import { podStreamSubresources } from './rules/streams.ts';

function validateMirrorUpdate(now: Pod, old: Pod, field: FieldPath): void {
  const [before, after] = [old.metadata.annotations?.[mirrorAnnotation], now.metadata.annotations?.[mirrorAnnotation]];
  if (before === after) return;
  field.key(mirrorAnnotation).forbidden(before === undefined ? 'may not add mirror pod annotation' : 'may not remove or update mirror pod annotation');
}

const addressOf = ({ status }: Pod): string => status.podIPs?.[0]?.ip ?? status.podIP ?? '';

export const pods = resource<Pod>({
  kind: Pod,
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  statusKeeps: ['ownerReferences'],
  tracksGeneration: true,
  allowsUnconditionalUpdate: true,
  subresources: [
    ephemeralContainersSubresource,
    resizeSubresource,
    { name: 'binding', verbs: ['create'], kind: Binding },
    { name: 'eviction', verbs: ['create'], kind: Eviction },
    proxySubresource(PodProxyOptions),
    ...podStreamSubresources,
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
  prepareForStatus: keepPodStatus,
  validateStatus(pod, old, errors) {
    const root = FieldPath.root(errors);
    validateMirrorUpdate(pod, old, root.at('metadata', 'annotations'));
    validatePodStatus(pod, old, root.at('status'));
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
