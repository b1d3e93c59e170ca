import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import type { NodeInfo } from '#core/scheduler/model/node-info.ts';
import { unresolvable, type FilterPlugin } from '#core/scheduler/plugin.ts';

const otherZone = unresolvable('node(s) had no available volume zone');

/** Labels by which volumes without a node affinity say where they are, and the labels of nodes that say the same. */
const keys: readonly (readonly [string, readonly string[]])[] = [
  ['failure-domain.beta.kubernetes.io/zone', ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone']],
  ['failure-domain.beta.kubernetes.io/region', ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region']],
  ['topology.kubernetes.io/zone', ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']],
  ['topology.kubernetes.io/region', ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']],
];

const nodeKeys = keys.map(([key]) => key);

interface Limit {
  readonly keys: readonly string[];
  readonly values: ReadonlySet<string>;
}

/** One volume may be in several zones: `a__b`. */
const limitsOf = ({ metadata: { labels = {} } }: PersistentVolume): readonly Limit[] => keys.flatMap(([key, alternatives]) => {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  return value === undefined ? [] : [{ keys: alternatives, values: new Set(value.split('__').map((zone) => zone.trim())) }];
});

const lies = (node: NodeInfo, { keys: alternatives, values }: Limit): boolean => {
  const value = alternatives.map((key) => node.label(key)).find((label) => label !== undefined);
  return value !== undefined && values.has(value);
};

/** Bound volumes that carry zone labels are in the node's zone. */
export const volumeZone = (informers: Informers): FilterPlugin => {
  const claims = informers.for(PersistentVolumeClaim);
  const volumes = informers.for(PersistentVolume);
  return {
    name: 'VolumeZone',
    wakes: [
      { on: ['class/add', 'node/add', 'node/labels', 'volume/add', 'volume/update'] },
      { on: ['claim/add', 'claim/update'], helps: (pod, { object }) => pod.claims.includes(`${object.metadata.namespace ?? ''}/${object.metadata.name}`) },
    ],
    filter({ claims: keysOfClaims }) {
      if (keysOfClaims.length === 0) return undefined;
      const limits = keysOfClaims.flatMap((key) => {
        const volume = volumes.get(claims.get(key)?.spec.volumeName ?? '');
        return volume === undefined ? [] : limitsOf(volume);
      });
      if (limits.length === 0) return undefined;
      return {
        check(node) {
          // A cluster without zones has nothing to compare.
          if (nodeKeys.every((key) => node.label(key) === undefined)) return undefined;
          return limits.every((limit) => lies(node, limit)) ? undefined : otherZone;
        },
      };
    },
  };
};
