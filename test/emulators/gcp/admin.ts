import type { Cloud } from './cloud.ts';
import { readFaultPlan } from './faults.ts';
import { removeInstance, startInstance, stopInstance } from './instances.ts';
import { isObject, type Json, type Resource } from './json.ts';
import type { Path } from './links.ts';
import { makeNetwork } from './networks.ts';

/** What a test does with the cloud behind its clients' back. */
export class Admin {
  /** Its time, resources, operations, quotas, rates and faults. */
  readonly cloud: Cloud;

  constructor(cloud: Cloud) {
    this.cloud = cloud;
  }

  /** Everything that exists, by path; operations and public images only when asked for. */
  all({ operations = false }: { readonly operations?: boolean } = {}): Readonly<Record<Path, Resource>> {
    const collections = this.cloud.resources.collections().filter((path) => (operations || !path.endsWith('/operations')) && !/^projects\/(?:cos|debian|ubuntu-os)-cloud\//.test(path));
    return Object.fromEntries(collections.flatMap((path) => this.cloud.resources.in(path).map((resource): [Path, Resource] => [`${path}/${resource.name}`, resource])));
  }

  /** What exists beside the networks that a project comes with. */
  leftovers(): readonly Path[] {
    return Object.keys(this.all()).filter((path) => !/\/(?:networks|subnetworks)\//.test(path) && !path.includes('/routes/default-route-'));
  }

  advance(milliseconds: number): void {
    this.cloud.clock.advance(milliseconds);
  }

  setQuota(metric: string, limit: number, region?: string): void {
    this.cloud.quotas.set(metric, limit, region);
  }

  setCapacity(zone: string, machineType: string, instances: number): void {
    this.cloud.setCapacity(zone, machineType, instances);
  }

  setHealth(instance: Path, health: 'HEALTHY' | 'UNHEALTHY'): void {
    this.cloud.health.set(instance, health);
  }

  addNetwork(project: string, name: string, ranges: Readonly<Record<string, string>>): void {
    makeNetwork(this.cloud, project, name, ranges);
  }

  /** @throws {Error} where there is no such instance */
  stopInstance(path: Path): void {
    this.#check(path);
    stopInstance(this.cloud, path);
  }

  startInstance(path: Path): void {
    this.#check(path);
    startInstance(this.cloud, path);
  }

  deleteInstance(path: Path): void {
    this.#check(path);
    removeInstance(this.cloud, path);
  }

  /** Removes any resource at once, whoever uses it. */
  remove(path: Path): void {
    this.#check(path);
    this.cloud.resources.remove(path);
  }

  /** One of its verbs over HTTP: `POST /_emulator/<verb>` with the arguments by name. */
  run(verb: string, args: Json): Json {
    const text = (name: string) => {
      const value = args[name];
      if (typeof value !== 'string') throw new Error(`${verb} needs "${name}", a text`);
      return value;
    };
    const number = (name: string) => {
      const value = args[name];
      if (typeof value !== 'number') throw new Error(`${verb} needs "${name}", a number`);
      return value;
    };
    const verbs: Readonly<Record<string, () => void>> = {
      advance: () => this.advance(number('milliseconds')),
      quota: () => this.setQuota(text('metric'), number('limit'), args['region'] === undefined ? undefined : text('region')),
      capacity: () => this.setCapacity(text('zone'), text('machineType'), number('instances')),
      health: () => this.setHealth(text('instance'), text('health') === 'HEALTHY' ? 'HEALTHY' : 'UNHEALTHY'),
      faults: () => this.cloud.faults.plan(readFaultPlan(args)),
      rates: () => {
        this.cloud.rates.limits = { ...this.cloud.rates.limits, ...Object.fromEntries(Object.keys(this.cloud.rates.limits).flatMap((name) => (args[name] === undefined ? [] : [[name, number(name)]]))) };
      },
      deny: () => void this.cloud.denied.add(text('permission')),
      allow: () => void this.cloud.denied.delete(text('permission')),
      unreachable: () => void this.cloud.unreachable.add(text('zone')),
      reachable: () => void this.cloud.unreachable.delete(text('zone')),
      network: () => this.addNetwork(text('project'), text('name'), rangesOf(args['ranges'])),
      'stop-instance': () => this.stopInstance(text('path')),
      'start-instance': () => this.startInstance(text('path')),
      'delete-instance': () => this.deleteInstance(text('path')),
      remove: () => this.remove(text('path')),
    };
    const chosen = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (chosen === undefined) throw new Error(`there is no ${verb}: ${Object.keys(verbs).join(', ')}`);
    this.cloud.clock.settle();
    chosen();
    return { done: verb };
  }

  /** What `GET /_emulator/<what>` shows. */
  show(what: string): Json | undefined {
    this.cloud.clock.settle();
    if (what === 'resources') return { ...this.all() };
    if (what === 'members') return Object.fromEntries([...this.cloud.members].map(([group, members]) => [group, [...members]]));
    if (what === 'calls') return Object.fromEntries([...this.cloud.calls].toSorted());
    if (what === 'faults') return { met: this.cloud.faults.met };
    return undefined;
  }

  #check(path: Path): void {
    if (this.cloud.resources.get(path) === undefined) throw new Error(`there is no ${path}`);
  }
}

function rangesOf(value: unknown): Record<string, string> {
  if (!isObject(value)) throw new Error('network needs "ranges": a block of addresses for each region');
  return Object.fromEntries(Object.entries(value).map(([region, range]) => [region, String(range)]));
}
