import { LabelSelector } from '#core/api/label-selector.ts';
import { ClusterRole, type PolicyRule } from '#core/api/schema/rbac-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface ClusterRoleAggregationOptions {
  readonly client: Client;
  readonly informers: Informers;
}

const gathering = 'gathering';

/** Gives ClusterRoles with an aggregationRule the rules of all that it selects. */
export class ClusterRoleAggregationController implements Controller {
  readonly name = 'clusterrole-aggregation';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #roles: Informer<ClusterRole>;

  constructor({ client, informers }: ClusterRoleAggregationOptions) {
    this.#client = client;
    const roles = (this.#roles = informers.for(ClusterRole));
    roles.addIndex(gathering, ({ aggregationRule }) => (aggregationRule === undefined ? [] : ['']));
    // Which role selects another one changes with labels and selectors of both: looking at all that select is simpler, and they are few.
    this.sources = [source(roles, (role, previous) => (sameToOthers(role, previous) ? [] : roles.byIndex(gathering, '').map(({ metadata }) => metadata.name)))];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const role = this.#roles.get(name);
    if (role?.aggregationRule === undefined) return;
    const rules = this.#gathered(role);
    if (deepEqual(rules, role.rules ?? [])) return;
    await this.#client.patch(ClusterRole, { name }, metadataPatch(role, {}, { rules }), {}, signal);
  }

  /** In the order of the selectors, and of names within each, every rule once. */
  #gathered({ metadata, aggregationRule }: ClusterRole): readonly PolicyRule[] {
    const others = [...this.#roles.values()].filter((other) => other.metadata.name !== metadata.name)
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const rules = new Map<string, PolicyRule>();
    for (const selector of (aggregationRule?.clusterRoleSelectors ?? []).map((each) => LabelSelector.of(each))) {
      for (const { rules: own = [] } of others.filter((other) => selector.matches(other.metadata.labels))) {
        for (const rule of own) rules.set(textOf(rule), rules.get(textOf(rule)) ?? rule);
      }
    }
    return [...rules.values()];
  }
}

const textOf = ({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): string =>
  JSON.stringify([verbs, apiGroups, resources, resourceNames, nonResourceURLs]);

/** Whether a change is of no concern to any role that selects, itself included. */
const sameToOthers = (role: ClusterRole | undefined, previous: ClusterRole | undefined): boolean => role !== undefined && previous !== undefined &&
  deepEqual(role.rules, previous.rules) && deepEqual(role.metadata.labels, previous.metadata.labels) && deepEqual(role.aggregationRule, previous.aggregationRule);
