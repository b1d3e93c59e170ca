import { createHash } from 'node:crypto';
import { isObject } from '#core/api/value.ts';

const clusterKey = 'keelson.dev/cluster';
const nodeKey = 'kubernetes.io/node-name';

/** Routes have no labels: what is a cluster's is known by its name and its description. */
export class RouteMark {
  readonly #cluster: string;
  readonly #prefix: string;

  constructor(cluster: string) {
    this.#cluster = cluster;
    this.#prefix = `keelson-${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}-`;
  }

  /** At most 59 characters; the same for the whole life of the node. */
  nameOf(requested: string): string {
    return this.#prefix + requested;
  }

  hasName(name: string): boolean {
    return name.startsWith(this.#prefix) && /^[a-z0-9-]{1,38}$/.test(name.slice(this.#prefix.length));
  }

  descriptionOf(node: string): string {
    return JSON.stringify({ [nodeKey]: node, [clusterKey]: this.#cluster });
  }

  /** Undefined for what is not this cluster's. */
  nodeOf(name: string, description: string): string | undefined {
    if (!this.hasName(name) || !description.startsWith('{')) return undefined;
    try {
      const said: unknown = JSON.parse(description);
      if (!isObject(said) || said[clusterKey] !== this.#cluster) return undefined;
      return typeof said[nodeKey] === 'string' ? said[nodeKey] : '';
    } catch {
      return undefined;
    }
  }
}
