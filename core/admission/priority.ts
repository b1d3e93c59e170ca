import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { PriorityClass } from '#core/api/schema/scheduling-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin } from './admission.ts';

/**
 * Turns the class that a pod names, or else the default class, into its priority. There is at most one default class. The system's
 * own classes are objects as all others: `systemPriorityClasses` of the registry must have been created.
 */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  mutate({ operation, object, old, subresource }, objects) {
    if (subresource !== '' || object === undefined || !isKindOf(object, Pod)) return;
    if (operation === 'CREATE') prioritize(object, objects);
    else if (old !== undefined && isKindOf(old, Pod)) carryOver(object, old);
  },
  validate({ operation, object, subresource, name }, objects) {
    if (operation === 'DELETE' || subresource !== '' || object === undefined || !isKindOf(object, PriorityClass) || object.globalDefault !== true) return;
    const standard = defaultClass(objects);
    if (standard === undefined || (operation === 'UPDATE' && standard.metadata.name === name)) return;
    throw StatusError.forbidden(PriorityClass, name, `PriorityClass ${standard.metadata.name} is already marked as default. Only one default can exist`);
  },
};

/** What a pod gets from its class. */
type Granted = Pick<PriorityClass, 'value' | 'preemptionPolicy'>;

function prioritize(pod: Pod, objects: ObjectStore): void {
  const { spec, metadata } = pod;
  const { value, preemptionPolicy = 'PreemptLowerPriority' } = granted(pod, objects);
  if (spec.priority !== undefined && spec.priority !== value) {
    throw StatusError.forbidden(Pod, metadata.name, `the integer value of priority (${spec.priority}) must not be provided in pod spec; ` +
      `priority admission controller computed ${value} from the given PriorityClass name`);
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    throw StatusError.forbidden(Pod, metadata.name, `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ` +
      `priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`);
  }
  spec.priority = value;
  spec.preemptionPolicy = preemptionPolicy;
}

function granted({ spec, metadata }: Pod, objects: ObjectStore): Granted {
  const { priorityClassName: name = '' } = spec;
  if (name !== '') {
    const found = objects.get(PriorityClass, undefined, name);
    if (found !== undefined && isKindOf(found, PriorityClass)) return found;
    throw StatusError.forbidden(Pod, metadata.name, `no PriorityClass with name ${name} was found`);
  }
  const standard = defaultClass(objects);
  if (standard !== undefined) spec.priorityClassName = standard.metadata.name;
  return standard ?? { value: 0 };
}

/** Clients that do not know the fields leave them out of an update. */
function carryOver({ spec }: Pod, { spec: old }: Pod): void {
  if (spec.priority === undefined && old.priority !== undefined) spec.priority = old.priority;
  if (spec.preemptionPolicy === undefined && old.preemptionPolicy !== undefined) spec.preemptionPolicy = old.preemptionPolicy;
}

/** Of several that came at once, the lowest. */
function defaultClass(objects: ObjectStore): PriorityClass | undefined {
  let lowest: PriorityClass | undefined;
  for (const [, candidate] of objects.cache(PriorityClass).range('')) {
    if (isKindOf(candidate, PriorityClass) && candidate.globalDefault === true && (lowest === undefined || candidate.value < lowest.value)) lowest = candidate;
  }
  return lowest;
}
