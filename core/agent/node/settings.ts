import type { Taint } from '#core/api/schema/core-v1/node.ts';
import type { Reserved } from './resources.ts';

/** What somebody decided about a node. */
export interface NodeSettings {
  readonly name: string;
  /** Such as `v1.34.0`. */
  readonly kubeletVersion: string;
  /** Port of the agent's server; 0 when it has none. */
  readonly port: number;
  /** Where the agent keeps its pods' files: their file system is the node's ephemeral storage. */
  readonly dir: string;
  /** Besides those that every node has. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Given to a node that is new; later they are its administrator's. */
  readonly taints?: readonly Taint[];
  /** Found by the default route when there are none. */
  readonly addresses?: readonly string[];
  /** 110 by default. */
  readonly maxPods?: number;
  readonly systemReserved?: Reserved;
  readonly kubeReserved?: Reserved;
  /** `spec.providerID` of a node that is new. */
  readonly providerId?: string;
  /** A provider's controller completes the node, which carries its taint until then, and tells its addresses. */
  readonly isExternal?: boolean;
}
