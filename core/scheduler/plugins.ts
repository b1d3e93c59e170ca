import type { Informers } from '#core/reconcile/informer.ts';
import type { Cluster } from './model/cluster.ts';
import type { FilterPlugin, ScorePlugin } from './plugin.ts';
import { balancedAllocation } from './plugins/balanced-allocation.ts';
import type { DefaultSpread } from './plugins/default-spread.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { interPodAffinity } from './plugins/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeResourcesFit, type ResourceStrategy } from './plugins/node-resources-fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts';
import { podTopologySpread } from './plugins/pod-topology-spread.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { volumeBinding } from './plugins/volume-binding.ts';
import { volumeRestrictions } from './plugins/volume-restrictions.ts';
import { volumeZone } from './plugins/volume-zone.ts';
import type { VolumePlanner } from './volumes/volume-planner.ts';

export interface PluginOptions {
  readonly cluster: Cluster;
  readonly informers: Informers;
  readonly volumes: VolumePlanner;
  readonly defaults: DefaultSpread;
  readonly strategy?: ResourceStrategy;
}

/** The one list of rules. The first that says no gives the reason, so the order is upstream's. */
export const filterPlugins = ({ cluster, informers, volumes, defaults, strategy }: PluginOptions): readonly FilterPlugin[] => [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit(strategy),
  volumeRestrictions(cluster, informers),
  nodeVolumeLimits(informers),
  volumeBinding(volumes),
  volumeZone(informers),
  podTopologySpread(cluster, defaults),
  interPodAffinity(cluster),
];

/** Those of the rules that also say which nodes are better, and what has no other part than that. */
export const scorePlugins = (filters: readonly FilterPlugin[], cluster: Cluster): readonly ScorePlugin[] =>
  [...filters.filter(scores), balancedAllocation, imageLocality(cluster)];

const scores = (plugin: FilterPlugin): plugin is FilterPlugin & ScorePlugin => 'score' in plugin;
