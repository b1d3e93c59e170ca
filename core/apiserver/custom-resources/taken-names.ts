import type { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { listKindOf } from '#core/api/schema/kind.ts';
import type { AnyResource } from '#core/registry/resource.ts';

/** Names of a group that others have. */
export class TakenNames {
  /** Plurals, singulars and short names. */
  readonly resources = new Set<string>();
  /** Kinds, and kinds of lists. */
  readonly kinds = new Set<string>();

  /** What is taken from the point of view of one definition. */
  static for({ metadata, spec }: CustomResourceDefinition, definitions: Iterable<CustomResourceDefinition>, builtIn: readonly AnyResource[]): TakenNames {
    const taken = new TakenNames();
    for (const other of definitions) {
      const { plural, singular, shortNames = [], kind, listKind } = other.status.acceptedNames;
      if (other.spec.group === spec.group && other.metadata.name !== metadata.name) taken.add([plural, singular, ...shortNames], [kind, listKind]);
    }
    for (const { kind, shortNames = [] } of builtIn) {
      if (kind.group === spec.group) taken.add([kind.plural, kind.singular, ...shortNames], [kind.kind, listKindOf(kind)]);
    }
    return taken;
  }

  private add(resources: readonly (string | undefined)[], kinds: readonly (string | undefined)[]): void {
    for (const name of resources) if (name) this.resources.add(name);
    for (const name of kinds) if (name) this.kinds.add(name);
  }
}
