import type { ClusterRoleBinding, RoleBinding, RoleRef, Subject } from '#core/api/schema/rbac-v1.ts';
import { accountUserName } from '#core/api/user.ts';

/** One subject of one binding: a role that somebody has. */
export interface Grant {
  /** Key of the binding inside its kind. */
  readonly binding: string;
  /** '' for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly role: RoleRef;
  /** Such as `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  describe(): string;
}

/** Whose name decides: a user's, which an account has too, or a group's. */
export interface Holder {
  readonly isGroup: boolean;
  readonly name: string;
}

export type Binding = RoleBinding | ClusterRoleBinding;

const bindingKey = ({ metadata: { namespace = '', name } }: Binding): string => (namespace === '' ? name : `${namespace}/${name}`);

/** The grants that a binding makes, each with its holder; a holder that is named twice has one grant. */
export function grantsOf(binding: Binding): readonly (readonly [Holder, Grant])[] {
  const { namespace = '' } = binding.metadata;
  const found = new Map<string, readonly [Holder, Grant]>();
  for (const subject of binding.subjects ?? []) {
    const holder = holderOf(subject, namespace);
    if (holder === undefined) continue;
    const key = `${holder.isGroup ? 'group' : 'user'} ${holder.name}`;
    if (found.has(key)) continue;
    found.set(key, [holder, { binding: bindingKey(binding), namespace, role: binding.roleRef, describe: () => description(binding, subject, namespace) }]);
  }
  return [...found.values()];
}

/** Undefined for a subject that stands for nobody. */
function holderOf(subject: Subject, bindingNamespace: string): Holder | undefined {
  switch (subject.kind) {
    case 'User': return { isGroup: false, name: subject.name };
    case 'Group': return { isGroup: true, name: subject.name };
    case 'ServiceAccount': {
      const namespace = subject.namespace || bindingNamespace;
      return namespace === '' ? undefined : { isGroup: false, name: accountUserName(namespace, subject.name) };
    }
    default: return undefined;
  }
}

function description({ kind, metadata, roleRef }: Binding, subject: Subject, namespace: string): string {
  const binding = namespace === '' ? metadata.name : `${metadata.name}/${namespace}`;
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  return `${kind} "${binding}" of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${who}"`;
}
