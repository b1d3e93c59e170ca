import type { NamespaceCondition } from '#core/api/schema/core-v1/namespace.ts';
import type { Remains } from './content.ts';

const counted = (counts: ReadonlyMap<string, number>, phrase: (name: string, count: number) => string): string =>
  [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => phrase(name, count)).join(', ');

/** Kinds are known here without discovery, so that these say only what clients look for. */
const unfailing = [
  { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', reason: 'ResourcesDiscovered', message: 'All resources successfully discovered' },
  { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False', reason: 'ParsedGroupVersions', message: 'All legacy kube types successfully parsed' },
] as const;

/** `configmaps.` and `jobs.batch`, as upstream writes a resource here. */
const dotted = (name: string): string => (name.includes('.') ? name : `${name}.`);

function desired({ objects, finalizers, failures }: Remains): readonly Omit<NamespaceCondition, 'lastTransitionTime'>[] {
  const failed = failures.length > 0;
  return [
    ...unfailing,
    {
      type: 'NamespaceDeletionContentFailure', status: failed ? 'True' : 'False',
      reason: failed ? 'ContentDeletionFailed' : 'ContentDeleted',
      message: failed
        ? `Failed to delete all resource types, ${failures.length} remaining: ${failures.slice(0, 3).map(({ message }) => message).join(', ')}`.slice(0, 1024)
        : 'All content successfully deleted, may be waiting on finalization',
    },
    {
      type: 'NamespaceContentRemaining', status: objects.size > 0 ? 'True' : 'False',
      reason: objects.size > 0 ? 'SomeResourcesRemain' : 'ContentRemoved',
      message: objects.size > 0
        ? `Some resources are remaining: ${counted(objects, (name, count) => `${dotted(name)} has ${count} resource instances`)}`
        : 'All content successfully removed',
    },
    {
      type: 'NamespaceFinalizersRemaining', status: finalizers.size > 0 ? 'True' : 'False',
      reason: finalizers.size > 0 ? 'SomeFinalizersRemain' : 'ContentHasNoFinalizers',
      message: finalizers.size > 0
        ? `Some content in the namespace has finalizers remaining: ${counted(finalizers, (name, count) => `${name} in ${count} resource instances`)}`
        : 'All content-preserving finalizers finished',
    },
  ];
}

/** The conditions as they should be; undefined when they are so already. Those of other types stay. */
export function conditionsOf(present: readonly NamespaceCondition[], remains: Remains, now: string): NamespaceCondition[] | undefined {
  let changed = false;
  const ours = desired(remains).map((wanted) => {
    const before = present.find(({ type }) => type === wanted.type);
    if (before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message) return before;
    changed = true;
    return { ...wanted, lastTransitionTime: before?.status === wanted.status && before.lastTransitionTime !== undefined ? before.lastTransitionTime : now };
  });
  const others = present.filter(({ type }) => !ours.some((our) => our.type === type));
  return changed ? [...others, ...ours] : undefined;
}
