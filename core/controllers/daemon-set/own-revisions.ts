import type { ControllerRevision } from '#core/api/schema/apps-v1/controller-revision.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { controllerOf } from '#core/api/controller-reference.ts';
import { LabelSelector } from '#core/api/label-selector.ts';
import { keyOf } from '#core/client/client.ts';
import type { PodOwners } from '#core/controllers/replica-set/pod-set.ts';
import { unlessEmpty } from '#core/controllers/replica-set/pod-set.ts';
import type { Informer } from '#core/reconcile/informer.ts';

export const daemonSets: PodOwners<DaemonSet> = {
  kind: DaemonSet,
  selectorOf: ({ spec }) => unlessEmpty(LabelSelector.of(spec.selector)),
};

const byController = 'revisions-by-controller';
const setsIn = 'daemon-sets-in';
const orphansIn = (namespace: string): string => `orphans in ${namespace}`;

/** Which ControllerRevisions belong to which DaemonSets, by what the caches show. */
export class OwnRevisions {
  readonly #sets: Informer<DaemonSet>;
  readonly #revisions: Informer<ControllerRevision>;

  constructor(sets: Informer<DaemonSet>, revisions: Informer<ControllerRevision>) {
    this.#sets = sets;
    this.#revisions = revisions;
    revisions.addIndex(byController, (revision) => [controllerOf(revision)?.uid ?? orphansIn(revision.metadata.namespace ?? '')]);
    sets.addIndex(setsIn, ({ metadata }) => [metadata.namespace ?? '']);
  }

  /** Those of the set, and those of its namespace that it could adopt. */
  of({ metadata: { uid, namespace = '' } }: DaemonSet): readonly ControllerRevision[] {
    return [...this.#revisions.byIndex(byController, uid), ...this.#revisions.byIndex(byController, orphansIn(namespace))];
  }

  /** Keys of the sets to which a change may matter. A set that has another's name waits for that one's revisions to go. */
  affected(revision: ControllerRevision | undefined, previous: ControllerRevision | undefined): Iterable<string> {
    const keys = new Set<string>();
    for (const each of [revision, previous]) {
      const reference = each && controllerOf(each);
      if (reference?.kind === DaemonSet.kind && reference.apiVersion === apiVersionOf(DaemonSet)) keys.add(`${each?.metadata.namespace ?? ''}/${reference.name}`);
    }
    if (revision !== undefined && controllerOf(revision) === undefined) for (const key of this.#selecting(revision)) keys.add(key);
    return keys;
  }

  #selecting({ metadata: { namespace = '', labels } }: ControllerRevision): string[] {
    return this.#sets.byIndex(setsIn, namespace).filter((set) => daemonSets.selectorOf(set)?.matches(labels) === true).map(keyOf);
  }
}
