import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { isObject, own } from '#core/api/value.ts';
import { uncorrelated } from './visit.ts';

/** Finds an item of a list as it was before: by its keys in lists of type `map`, not at all in others. */
export class OldItems {
  private readonly keys: readonly string[];
  private readonly old: readonly unknown[] | undefined;
  private byKey: Map<string, unknown> | undefined;

  constructor(schema: JSONSchemaProps, old: unknown) {
    this.keys = schema['x-kubernetes-list-map-keys'] ?? [];
    this.old = schema['x-kubernetes-list-type'] === 'map' && Array.isArray(old) ? old : undefined;
  }

  of(item: unknown): unknown {
    if (this.old === undefined || !isObject(item)) return uncorrelated;
    this.byKey ??= this.index(this.old);
    const found = this.byKey.get(this.keyOf(item));
    return found === undefined ? uncorrelated : found;
  }

  private index(old: readonly unknown[]): Map<string, unknown> {
    const index = new Map<string, unknown>();
    for (const item of old) {
      const key = this.keyOf(item);
      // Of items with one key, which the type forbids, the first counts.
      if (isObject(item) && !index.has(key)) index.set(key, item);
    }
    return index;
  }

  private keyOf(item: unknown): string {
    return JSON.stringify(this.keys.map((key) => (isObject(item) ? own(item, key) ?? null : null)));
  }
}
