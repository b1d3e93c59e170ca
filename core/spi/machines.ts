import { token } from '#core/kernel/token.ts';

/** A machine on which a node agent can run. */
export interface NodeMachine {
  /** The node's name. */
  readonly name: string;
  /** Its addresses in the network that joins the machines; IPv4 first. */
  readonly addresses: readonly string[];
  /** What stands before a command so that it runs on the machine: `nsenter --net=...`. */
  readonly within: readonly string[];
  /** Path of its network namespace, which others of this computer can join; undefined of a machine that has none here. */
  readonly netns?: string;
  /** What its node has as `spec.providerID`; undefined when the provider knows no instances. */
  readonly providerId?: string;
}

/**
 * Makes machines for nodes. The names of what it makes carry the cluster's mark, so that nothing else is ever touched.
 *
 * Laws:
 * - `create` with a name for which the machine is there returns it, putting right what is missing of it.
 * - `delete` of one that is not there resolves; it resolves only when nothing of it is left.
 * - `list` tells all that the cluster has, also what an earlier process left.
 */
export interface NodeMachines {
  create(name: string, signal: AbortSignal): Promise<NodeMachine>;
  delete(name: string, signal: AbortSignal): Promise<void>;
  list(signal: AbortSignal): Promise<readonly NodeMachine[]>;
  /** The address at which machines reach this process; made when it is missing. */
  gateway(signal: AbortSignal): Promise<string>;
  /** Removes all machines of the cluster and what joins them. */
  removeAll(signal: AbortSignal): Promise<void>;
}
export const NodeMachines = token<NodeMachines>('NodeMachines');
