import { createHash } from 'node:crypto';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';

/** What the parts of one owner's load balancer are called; names of different kinds may be the same. */
export interface OwnerNames {
  /** Forwarding rule, backend service, firewall rule, and where they exist health check and reserved address. */
  readonly balancer: string;
  /** The firewall rule that lets in the probes of its own health check. */
  readonly probes: string;
}

const digest = (length: number, ...words: readonly string[]): string => createHash('sha256').update(words.join('\n')).digest('hex').slice(0, length);

/** Names of at most 63 characters that say nothing but are always the same for a cluster and an owner: so nothing is made twice. */
export class BalancerNames {
  readonly #cluster: string;
  /** With this begin the names of everything that the cluster has. */
  readonly prefix: string;
  /** Instance group of each zone, health check, and the firewall rule of its probes: what all load balancers of the cluster share. */
  readonly shared: string;

  constructor(cluster: string) {
    this.#cluster = cluster;
    this.prefix = `keelson-${digest(12, cluster)}-`;
    this.shared = `${this.prefix}nodes`;
  }

  of({ uid }: Pick<LoadBalancerOwner, 'uid'>): OwnerNames {
    const balancer = `${this.prefix}${digest(24, this.#cluster, uid)}`;
    return { balancer, probes: `${balancer}-probes` };
  }
}
