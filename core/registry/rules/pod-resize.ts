import { Container, ResourceRequirements } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepCopy } from '#core/api/value.ts';
import type { Subresource } from '#core/registry/resource.ts';
import { same } from './differences.ts';
import { FieldPath } from './field-path.ts';
import { mirrorAnnotation } from './pod-annotations.ts';
import { defaultPod } from './pod-defaults.ts';
import { qosClassOf } from './pod-qos.ts';
import { validatePodSpec } from './pod-spec.ts';

type Amounts = Readonly<Record<string, string>> | undefined;
const lists = ['containers', 'initContainers'] as const;
const resizable = new Set(['cpu', 'memory']);

const sameNames = (now: readonly Container[], old: readonly Container[]): boolean =>
  now.length === old.length && now.every(({ name }, i) => name === old[i]?.name);

/** Takes only the resources. Containers that do not fit the old ones are left for validation to refuse. */
const resized = (now: readonly Container[], old: readonly Container[]): Container[] =>
  (sameNames(now, old) ? old.map((container, i) => ({ ...deepCopy(container), resources: now[i]?.resources ?? {} })) : [...now]);

/** A node agent that can resize says what each container that runs has. */
function nodeResizes({ status }: Pod): boolean {
  const running = status.containerStatuses?.find(({ state }) => state.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

/** Why a pod cannot be resized at all. */
function obstacle({ metadata, spec }: Pod): string | undefined {
  if (spec.resources !== undefined) return 'pods with pod-level resources cannot be resized';
  if (metadata.annotations?.[mirrorAnnotation] !== undefined) return 'static pods cannot be resized';
  return spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined;
}

function validateOrder(now: Pod, old: Pod, field: FieldPath): boolean {
  let fits = true;
  for (const list of lists) {
    const [after, before] = [now.spec[list] ?? [], old.spec[list] ?? []];
    if (sameNames(after, before)) continue;
    fits = false;
    const what = after.length === before.length ? 'renamed or reordered' : 'added or removed';
    field.at(list).forbidden(`${list} may not be ${what} on resize`);
  }
  return fits;
}

const removes = (now: Amounts = {}, old: Amounts = {}): boolean => Object.keys(old).some((name) => !Object.hasOwn(now, name));

/** The new amounts with those put back that may change. */
function withoutChanges(now: Amounts = {}, old: Amounts = {}): Record<string, string> {
  const fixed = Object.entries(now).filter(([name]) => !resizable.has(name));
  return { ...Object.fromEntries(fixed), ...Object.fromEntries(Object.entries(old).filter(([name]) => resizable.has(name))) };
}

function validateAmounts({ resources: now }: Container, { resources: old }: Container, spec: FieldPath, field: FieldPath): void {
  for (const list of ['requests', 'limits'] as const) {
    if (removes(now[list], old[list])) field.at(list).forbidden(`resource ${list} cannot be removed`);
  }
  const rest = { ...now, requests: withoutChanges(now.requests, old.requests), limits: withoutChanges(now.limits, old.limits) };
  if (!same(ResourceRequirements, old, rest)) spec.forbidden('only cpu and memory resources are mutable');
}

function validateContainers(now: Pod, old: Pod, field: FieldPath): void {
  for (const list of lists) {
    for (const [i, container] of (now.spec[list] ?? []).entries()) {
      const before = old.spec[list]?.[i];
      if (before === undefined || same(Container, before, container)) continue;
      const at = field.at(list, i, 'resources');
      if (list === 'initContainers' && before.restartPolicy !== 'Always') at.forbidden('resources for non-sidecar init containers are immutable');
      else validateAmounts(container, before, field, at);
    }
  }
}

/** Changes what a running pod's containers get of CPU and memory (KEP-1287). */
export const resizeSubresource: Subresource<Pod> = {
  name: 'resize',
  verbs: ['get', 'patch', 'update'],
  part: {
    carryOver(pod, old) {
      const { containers, initContainers } = pod.spec;
      pod.spec = { ...deepCopy(old.spec), containers: resized(containers, old.spec.containers) };
      if (initContainers !== undefined || old.spec.initContainers !== undefined) {
        pod.spec.initContainers = resized(initContainers ?? [], old.spec.initContainers ?? []);
      }
      pod.status = deepCopy(old.status);
      defaultPod(pod);
    },
    writes: [['metadata'], ...lists.map((list) => ['spec', list, '*', 'resources'])],
    validate(pod, old, errors) {
      const why = obstacle(old);
      if (why !== undefined) return errors.forbidden('', why);
      const field = FieldPath.root(errors).at('spec');
      validatePodSpec(pod.spec, pod.metadata.name, field);
      const qosClass = old.status.qosClass ?? qosClassOf(old.spec);
      if (qosClassOf(pod.spec) !== qosClass) field.invalid(qosClass, 'Pod QOS Class may not change as a result of resizing');
      if (!nodeResizes(old)) field.forbidden('Pod running on node without support for resize');
      if (validateOrder(pod, old, field)) validateContainers(pod, old, field);
    },
  },
};
