import type { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { controllerReference } from '#core/api/controller-reference.ts';
import type { ObjectKey } from '#core/client/client.ts';
import { deepEqual, isObject, maxDepth, own, setOwn, tooDeep, type JsonObject } from '#core/api/value.ts';
import { templateHash } from '#core/controllers/deployment/template.ts';
import { hashLabel } from './daemon-pod.ts';

/**
 * A patch that brings the set's template back, as `kubectl rollout undo` sends it. With the null, as Go writes it, kubectl before 1.34 sees
 * that a revision holds the present template, and leaves it at that.
 */
const templatePatch = ({ spec: { template } }: DaemonSet): JsonObject =>
  ({ spec: { template: plain({ $patch: 'replace', ...template, metadata: { ...template.metadata, creationTimestamp: null } }, [undefined]) } });

/** Keys in order, and none with such a value: equal templates are then written alike. */
function plain(value: unknown, without: readonly unknown[], depth = maxDepth): unknown {
  if (depth === 0) throw tooDeep();
  if (Array.isArray(value)) return value.map((each) => plain(each, without, depth - 1));
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value).toSorted()) if (!without.includes(value[key])) setOwn(copy, key, plain(value[key], without, depth - 1));
  return copy;
}

const nothing = [undefined, null];

/** The revision holds the set's present template. */
export const holdsTemplate = ({ data }: ControllerRevision, set: DaemonSet): boolean => deepEqual(plain(data, nothing), plain(templatePatch(set), nothing));

export const hashOf = ({ metadata: { labels = {}, name } }: ControllerRevision): string => {
  const hash = own(labels, hashLabel);
  return typeof hash === 'string' ? hash : name;
};

/** The revision of the set's present template. Its name is the same whenever it is asked for, unless `collisionCount` has grown. */
export function revisionOf(set: DaemonSet, revision: number): Draft<ControllerRevision> & { readonly metadata: ObjectKey } {
  const { metadata: { namespace, name, annotations }, spec: { template }, status: { collisionCount } } = set;
  const hash = templateHash(template, collisionCount);
  return {
    metadata: {
      namespace, name: `${name}-${hash}`,
      labels: { ...template.metadata.labels, [hashLabel]: hash },
      // kubectl shows the cause of a change that stands in them.
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controllerReference(DaemonSet, set)],
    },
    data: templatePatch(set), revision,
  };
}
