import type { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { controllerReference } from '#core/api/controller-reference.ts';
import { deepEqual, isObject, maxDepth, own, setOwn, tooDeep, type JsonObject } from '#core/api/value.ts';
import { hashLabel } from './daemon-pod.ts';

/** A patch that brings the set's template back, as `kubectl rollout undo` sends it. */
const templatePatch = ({ spec: { template } }: DaemonSet): JsonObject => ({ spec: { template: { $patch: 'replace', ...(plain(template) as JsonObject) } } });

/** Keys in order, and none without a value: equal templates are then written alike. */
function plain(value: unknown, depth = maxDepth): unknown {
  if (depth === 0) throw tooDeep();
  if (Array.isArray(value)) return value.map((each) => plain(each, depth - 1));
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value).toSorted()) if (value[key] !== undefined && value[key] !== null) setOwn(copy, key, plain(value[key], depth - 1));
  return copy;
}

/** The revision holds the set's present template. */
export const holdsTemplate = ({ data }: ControllerRevision, set: DaemonSet): boolean => deepEqual(plain(data), plain(templatePatch(set)));

export const hashOf = ({ metadata: { labels = {}, name } }: ControllerRevision): string => {
  const hash = own(labels, hashLabel);
  return typeof hash === 'string' ? hash : name;
};

/** The revision of the set's present template. Its name is the same whenever it is asked for, unless `collisionCount` has grown. */
export function revisionOf(set: DaemonSet, revision: number): Draft<ControllerRevision> {
  const { metadata: { namespace, name, annotations }, spec: { template }, status: { collisionCount } } = set;
  const data = templatePatch(set);
  const hash = shortHash(`${JSON.stringify(data)}${collisionCount === undefined ? '' : `#${collisionCount}`}`);
  return {
    metadata: {
      namespace, name: `${name}-${hash}`,
      labels: { ...template.metadata.labels, [hashLabel]: hash },
      // kubectl shows the cause of a change that stands in them.
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ownerReferences: [controllerReference(DaemonSet, set)],
    },
    data, revision,
  };
}

/** Letters that cannot form words, as upstream uses for generated names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a of 32 bits, in letters that may stand in names and labels. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return Array.from(String(hash >>> 0), (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
}
