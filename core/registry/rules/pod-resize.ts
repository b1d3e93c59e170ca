import { Container } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepCopy } from '#core/api/value.ts';
import { allMetadata, type Subresource } from '#core/registry/resource.ts';
import { same } from './differences.ts';
import { FieldPath } from './field-path.ts';
import { mirrorAnnotation } from './pod-annotations.ts';
import { qosClassOf } from './pod-qos.ts';
import { validatePodSpec } from './pod-spec.ts';

type Amounts = Readonly<Record<string, string>> | undefined;
const lists = ['containers', 'initContainers'] as const;
const resizable = new Set(['cpu', 'memory']);

const sameNames = (now: readonly Container[], old: readonly Container[]): boolean =>
  now.length === old.length && now.every(({ name }, i) => name === old[i]?.name);

/** Takes only what belongs to a resize. Containers that do not fit the old ones are left for validation to refuse. */
const resized = (now: readonly Container[], old: readonly Container[]): Container[] =>
  (sameNames(now, old) ? old.map((container, i) => withResources(container, now[i] ?? container)) : [...now]);

function withResources(old: Container, { resources, resizePolicy }: Container): Container {
  const { resizePolicy: _policy, ...container } = deepCopy(old);
  return { ...container, resources, ...(resizePolicy === undefined ? {} : { resizePolicy }) };
}

/** A node agent that can resize says what each container that runs has. */
function nodeResizes({ status }: Pod): boolean {
  const running = status.containerStatuses?.find(({ state }) => state.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

const asksForAll = ({ spec: { resources } }: Pod): boolean => Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0;

/** Why a pod cannot be resized at all. */
function obstacle(pod: Pod, { metadata, spec }: Pod): string | undefined {
  if (asksForAll(pod)) return 'pods with pod-level resources cannot be resized';
  if (metadata.annotations?.[mirrorAnnotation] !== undefined) return 'static pods cannot be resized';
  return spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined;
}

/** Whether each container stands where it stood. */
function validateOrder(now: Pod, old: Pod, field: FieldPath): boolean {
  let fits = true;
  for (const list of lists) {
    const [after, before] = [now.spec[list] ?? [], old.spec[list] ?? []];
    if (sameNames(after, before)) continue;
    fits = false;
    if (after.length !== before.length) field.at(list).forbidden(`${list} may not be added or removed on resize`);
    else for (const [i, { name }] of before.entries()) if (after[i]?.name !== name) field.at(list, i, 'name').forbidden(`${list} may not be renamed or reordered on resize`);
  }
  return fits;
}

const removes = (now: Amounts = {}, old: Amounts = {}): boolean => Object.keys(old).some((name) => !Object.hasOwn(now, name));

/** The new amounts with those put back that may change. */
function withoutChanges(now: Amounts = {}, old: Amounts = {}): Record<string, string> {
  const fixed = Object.entries(now).filter(([name]) => !resizable.has(name));
  return { ...Object.fromEntries(fixed), ...Object.fromEntries(Object.entries(old).filter(([name]) => resizable.has(name))) };
}

const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

function validateRemovals(now: Pod, old: Pod, list: (typeof lists)[number], field: FieldPath): void {
  for (const [i, { resources, restartPolicy }] of (old.spec[list] ?? []).entries()) {
    if (list === 'initContainers' && restartPolicy !== 'Always') continue;
    for (const sort of ['requests', 'limits'] as const) {
      if (removes(now.spec[list]?.[i]?.resources[sort], resources[sort])) field.at(list, i, 'resources', sort).forbidden(`resource ${sort} cannot be removed`);
    }
  }
}

function validateRest(now: Container, old: Container, isInit: boolean, field: FieldPath): void {
  if (isInit && !isSidecar(old)) {
    if (!same(Container, old, now)) field.forbidden('resources for non-sidecar init containers are immutable');
    return;
  }
  const { requests, limits } = now.resources;
  const resources = { ...now.resources, requests: withoutChanges(requests, old.resources.requests), limits: withoutChanges(limits, old.resources.limits) };
  if (!same(Container, old, { ...now, resources })) field.forbidden(`only cpu and memory resources ${isInit ? 'for sidecar containers ' : ''}are mutable`);
}

function validateContainers(now: Pod, old: Pod, field: FieldPath): void {
  for (const list of ['initContainers', 'containers'] as const) validateRemovals(now, old, list, field);
  for (const list of lists) {
    for (const [i, before] of (old.spec[list] ?? []).entries()) validateRest(now.spec[list]?.[i] ?? before, before, list === 'initContainers', field);
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
    },
    keeps: allMetadata,
    writes: lists.flatMap((list) => ['resources', 'resizePolicy'].map((name) => ['spec', list, '*', name])),
    validate(pod, old, errors) {
      const why = obstacle(pod, old);
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
