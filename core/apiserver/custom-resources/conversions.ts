import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { VersionSchema } from './version-schema.ts';

/** Turns objects into those of another version. @throws {StatusError} when it cannot be done now */
export type Converter = (objects: readonly KubernetesObject[], apiVersion: string) => Promise<readonly KubernetesObject[]>;

/** The stored objects of a definition as one version shows them. */
export class VersionView {
  private readonly schemas: ReadonlyMap<string, VersionSchema>;
  private readonly to: VersionSchema;
  /** What is stored is never changed, only replaced: what it looks like is worked out once. */
  private readonly seen = new WeakMap<KubernetesObject, KubernetesObject>();

  /** @param schemas of all versions, by apiVersion @param to the version that is shown */
  constructor(schemas: ReadonlyMap<string, VersionSchema>, to: VersionSchema) {
    this.schemas = schemas;
    this.to = to;
  }

  /** As `prepare` has found it. @throws {TypeError} when it was not asked for an object that needs it */
  prepared(stored: KubernetesObject): KubernetesObject {
    const known = this.seen.get(stored);
    if (known) return known;
    if (stored.apiVersion !== this.to.apiVersion) throw new TypeError(`${stored.metadata.name} was not converted from ${stored.apiVersion} to ${this.to.apiVersion}`);
    return this.show(stored);
  }

  /** The conversion of strategy None: nothing but the apiVersion changes. */
  show(stored: KubernetesObject): KubernetesObject {
    const known = this.seen.get(stored);
    if (known) return known;
    const shown = this.to.read(relabelled(this.ownForm(stored), this.to.apiVersion));
    // What a dry run shows is not stored, and may change.
    if (Object.isFrozen(stored)) this.seen.set(stored, shown);
    return shown;
  }

  /** Has objects of other versions converted, so that `show` knows them. */
  async prepare(stored: readonly KubernetesObject[], convert: Converter): Promise<void> {
    const foreign = stored.filter((object) => object.apiVersion !== this.to.apiVersion && !this.seen.has(object));
    if (foreign.length === 0) return;
    const converted = await convert(foreign.map((object) => this.ownForm(object)), this.to.apiVersion);
    for (const [i, object] of foreign.entries()) {
      const result = converted[i];
      if (result) this.seen.set(object, this.to.read(result));
    }
  }

  /** As the version says in which it was stored. */
  private ownForm(stored: KubernetesObject): KubernetesObject {
    return this.schemas.get(stored.apiVersion)?.read(stored) ?? stored;
  }
}

const relabelled = (object: KubernetesObject, apiVersion: string): KubernetesObject =>
  (object.apiVersion === apiVersion ? object : Object.freeze({ ...object, apiVersion }));
