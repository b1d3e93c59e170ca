import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, type JsonObject } from '#core/api/value.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { encoded, showing } from '#core/apiserver/api.ts';
import type { AnyResource } from '#core/registry/resource.ts';

/** An object of one version, wanted as another. */
class Missing extends Error {
  readonly key: string;
  readonly from: AnyResource;
  readonly to: AnyResource;
  readonly value: JsonObject;

  constructor(key: string, from: AnyResource, to: AnyResource, value: JsonObject) {
    super(`an object of ${apiVersionOf(from.kind)} is wanted as ${apiVersionOf(to.kind)}`);
    this.key = key;
    this.from = from;
    this.to = to;
    this.value = value;
  }
}

/**
 * The objects of one write in other versions, where a conversion takes a call to someone outside. Who owns which fields is worked out
 * without waiting: what is missing is thrown, asked for, and then everything is worked out again.
 */
export class OtherVersions {
  private readonly known = new Map<string, JsonObject>();
  /** Versions that cannot be had. */
  private readonly lost = new Set<AnyResource>();

  /** @throws what `knowing` takes care of */
  find(from: AnyResource, to: AnyResource, value: JsonObject): JsonObject {
    // Of nothing there is no other version.
    if (this.lost.has(to) || !isObject(value['metadata'])) return {};
    const key = `${apiVersionOf(to.kind)} ${JSON.stringify(value)}`;
    const found = this.known.get(key);
    if (found === undefined) throw new Missing(key, from, to, value);
    return found;
  }

  private async ask({ key, from, to, value }: Missing, isLenient: boolean): Promise<void> {
    const decoded = from.codec?.decode(value).value ?? value;
    const object = { ...decoded, apiVersion: apiVersionOf(from.kind), kind: from.kind.kind } as unknown as KubernetesObject;
    try {
      this.known.set(key, { ...(await showing(to, await encoded(from, object))) });
    } catch (error) {
      if (!isLenient || !StatusError.is(error)) throw error;
      this.lost.add(to);
    }
  }

  /**
   * Resolves to what `run` returns once it knows all that it wants.
   * @param isLenient a version that cannot be had counts as one in which nothing has changed
   */
  static async knowing<T>(run: (versions: OtherVersions) => T, isLenient: boolean): Promise<T> {
    const versions = new OtherVersions();
    for (;;) {
      try {
        return run(versions);
      } catch (error) {
        if (!(error instanceof Missing)) throw error;
        await versions.ask(error, isLenient);
      }
    }
  }
}
