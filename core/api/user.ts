/** Who asks. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  /** Tells this user from an earlier one of the same name, where the authenticator knows. */
  readonly uid?: string;
  /** What else the authenticator knows, such as the pod to which a token is bound. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Members may do everything, whatever other rules say. */
export const mastersGroup = 'system:masters';
export const authenticatedGroup = 'system:authenticated';
export const unauthenticatedGroup = 'system:unauthenticated';

export const isMaster = ({ groups }: User): boolean => groups.includes(mastersGroup);

const accountPrefix = 'system:serviceaccount:';

/** The user that a service account is. */
export const accountUserName = (namespace: string, name: string): string => `${accountPrefix}${namespace}:${name}`;

export const nodesGroup = 'system:nodes';
export const nodeUserPrefix = 'system:node:';

/** The node whose agent asks: undefined when it is no node agent, '' when it does not say which. */
export const nodeOf = ({ name, groups }: User): string | undefined =>
  (name.startsWith(nodeUserPrefix) && groups.includes(nodesGroup) ? name.slice(nodeUserPrefix.length) : undefined);
