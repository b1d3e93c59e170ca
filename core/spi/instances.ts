import { token } from '#core/kernel/token.ts';

/** A node of whose instance something is asked. */
export interface InstanceQuestion {
  /** The node's name. By it an instance is looked for only when `providerId` is empty. */
  readonly node: string;
  /** `spec.providerID`, which begins with the provider's prefix; '' of a node that has none yet. */
  readonly providerId: string;
}

export interface InstanceAddress {
  readonly type: 'InternalIP' | 'ExternalIP' | 'Hostname' | 'InternalDNS' | 'ExternalDNS';
  readonly address: string;
}

/** What the platform knows of an instance. Words that it does not have are ''. */
export interface InstanceMetadata {
  /** Begins with the provider's prefix, is no other instance's, and is what was asked for when that had one. */
  readonly providerId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string;
  /** The order in which the node shows them. Empty: what the node says of itself stays. */
  readonly addresses: readonly InstanceAddress[];
  /** Further labels for the node. Keys of `kubernetes.io` and `k8s.io` are passed over, and so are those that the node has. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * - `running`: the instance is there and has not been stopped; being made, or on its way up or down, counts as this.
 * - `shut-down`: it is there and stopped, and its volumes can be taken from it.
 * - `gone`: there is certainly none. On this word about an id its node is deleted; of a name, there is none yet.
 * - `unknown`: anything else, with a sentence that says why.
 */
export type InstanceAnswer =
  | { readonly state: 'running' | 'shut-down'; readonly metadata: InstanceMetadata }
  | { readonly state: 'gone' }
  | { readonly state: 'unknown'; readonly reason: string };

/**
 * What a platform implements so that nodes know their instances, and go when those have gone. Kit: `test/conformance/instances.ts`.
 *
 * Laws:
 * - `describe` answers each question, in their order; it changes nothing, and may run at the same time as itself.
 * - What is not known is never `gone`: a lost or refused call, a page that is missing, an id of another account, project or region, or one that is no id
 *   of this platform is `unknown`, and so is an id as long as the platform may only not have heard of it yet. When nothing is known at all, it may reject.
 * - An id is looked up as it is; the node's name means nothing beside it.
 * - A name finds only what carries the cluster's mark. Two instances of one name are `unknown`.
 * - When the signal aborts, the call ends soon, rejecting with the signal's reason.
 */
export interface Instances {
  /** The provider's name, by which nodes can be marked as its own: `local`, `aws`, ... */
  readonly provider: string;
  /** With which the ids of all its instances begin, and those of no other provider: `aws://`. */
  readonly providerIdPrefix: string;
  /** How many questions one call takes. */
  readonly mostPerCall: number;
  describe(questions: readonly InstanceQuestion[], signal: AbortSignal): Promise<readonly InstanceAnswer[]>;
}
export const Instances = token<Instances>('Instances');

/** Can tell by a node's name alone that the node is one of its instances, and nobody else's. Costs no call. */
export interface OwnNames {
  ownsName(node: string): boolean;
}
export const canTellOwnNames = (instances: Instances): instances is Instances & OwnNames => 'ownsName' in instances;
