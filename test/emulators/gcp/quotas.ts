import { forbidden, OperationError } from './api-error.ts';
import { diskTypes, machineTypes, regionNames } from './catalog.ts';
import type { Json, Resource } from './json.ts';
import { lastOf, pathOfLink, regionOf } from './links.ts';
import type { ResourceStore } from './resource-store.ts';

interface Metric {
  readonly limit: number;
  readonly collection: string;
  /** How much of it a resource uses. */
  readonly uses: (resource: Resource) => number;
}

const each = () => 1;

const regional: Readonly<Record<string, Metric>> = {
  CPUS: { limit: 2_400, collection: 'instances', uses: (instance) => (runs(instance) ? (machineTypes.get(lastOf(String(instance['machineType'])))?.cpus ?? 0) : 0) },
  INSTANCES: { limit: 24_000, collection: 'instances', uses: each },
  DISKS_TOTAL_GB: { limit: 1_024_000, collection: 'disks', uses: gigabytes('DISKS_TOTAL_GB') },
  SSD_TOTAL_GB: { limit: 500_000, collection: 'disks', uses: gigabytes('SSD_TOTAL_GB') },
  HDB_TOTAL_GB: { limit: 500_000, collection: 'disks', uses: gigabytes('HDB_TOTAL_GB') },
  STATIC_ADDRESSES: { limit: 700, collection: 'addresses', uses: (address) => (address['addressType'] === 'EXTERNAL' ? 1 : 0) },
  INSTANCE_GROUPS: { limit: 1_000, collection: 'instanceGroups', uses: each },
};

const global: Readonly<Record<string, Metric>> = {
  FIREWALLS: { limit: 1_000, collection: 'firewalls', uses: each },
  ROUTES: { limit: 1_000, collection: 'routes', uses: each },
  FORWARDING_RULES: { limit: 1_000, collection: 'forwardingRules', uses: each },
  BACKEND_SERVICES: { limit: 1_000, collection: 'backendServices', uses: each },
  HEALTH_CHECKS: { limit: 1_000, collection: 'healthChecks', uses: each },
  SNAPSHOTS: { limit: 10_000, collection: 'snapshots', uses: each },
  IMAGES: { limit: 2_000, collection: 'images', uses: each },
};

/** How much of everything a project may have. */
export class Quotas {
  readonly #resources: ResourceStore;
  readonly #limits = new Map<string, number>();

  constructor(resources: ResourceStore) {
    this.#resources = resources;
  }

  /**
   * @param region undefined: every region, or the project where the metric is one of the project's
   * @throws {Error} for a metric that is not emulated
   */
  set(metric: string, limit: number, region?: string): void {
    if (!Object.hasOwn(regional, metric) && !Object.hasOwn(global, metric)) throw new Error(`there is no quota ${metric}: ${[...Object.keys(regional), ...Object.keys(global)].join(', ')}`);
    if (Object.hasOwn(global, metric)) this.#limits.set(metric, limit);
    else for (const each of region === undefined ? regionNames : [region]) this.#limits.set(`${metric} ${each}`, limit);
  }

  /** What an operation says that would make a resource for which there is no room; undefined when there is room. */
  refusal(project: string, region: string | undefined, collection: string, wanted: Resource): OperationError | undefined {
    for (const [metric, rule] of Object.entries(region === undefined ? global : { ...regional, ...global })) {
      if (rule.collection !== collection) continue;
      const needed = rule.uses(wanted);
      const place = Object.hasOwn(regional, metric) ? region : undefined;
      if (needed === 0 || this.#usage(project, place, rule) + needed <= this.#limit(metric, place, rule)) continue;
      return exceeded(metric, this.#limit(metric, place, rule), place);
    }
    return undefined;
  }

  /** The `quotas` of a region, or of a project. */
  list(project: string, region?: string): readonly Json[] {
    return Object.entries(region === undefined ? global : regional).map(([metric, rule]) => ({ metric, limit: this.#limit(metric, region, rule), usage: this.#usage(project, region, rule) }));
  }

  #limit(metric: string, region: string | undefined, rule: Metric): number {
    return this.#limits.get(region === undefined ? metric : `${metric} ${region}`) ?? rule.limit;
  }

  #usage(project: string, region: string | undefined, rule: Metric): number {
    const all = this.#resources.everywhere(rule.collection, project);
    const here = region === undefined ? all : all.filter(({ selfLink }) => regionOf(pathOfLink(selfLink)) === region);
    return here.reduce((sum, resource) => sum + rule.uses(resource), 0);
  }
}

function exceeded(metric: string, limit: number, region: string | undefined): OperationError {
  const where = region === undefined ? ' globally' : ` in region ${region}`;
  const info = { metricName: `compute.googleapis.com/${metric.toLowerCase()}`, limitName: `${metric}-per-project${region === undefined ? '' : '-region'}`, limit, dimensions: region === undefined ? { global: 'global' } : { region } };
  return new OperationError('QUOTA_EXCEEDED', `Quota '${metric}' exceeded.  Limit: ${limit.toFixed(1)}${where}.`, forbidden, [{ quotaInfo: info }]);
}

function runs(instance: Resource): boolean {
  return instance['status'] !== 'TERMINATED';
}

function gigabytes(quota: string): (disk: Resource) => number {
  return (disk) => {
    if (diskTypes.get(lastOf(String(disk['type'])))?.quota !== quota) return 0;
    return Number(disk['sizeGb']) * (Array.isArray(disk['replicaZones']) ? 2 : 1);
  };
}
