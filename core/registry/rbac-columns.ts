import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { RoleRef, Subject } from '#core/api/schema/rbac-v1.ts';
import type { Column } from './resource.ts';

export const createdAtColumn: Column<KubernetesObject> = {
  name: 'Created At', type: 'date', description: 'When the object was created.', cell: ({ metadata }) => metadata.creationTimestamp ?? '<unknown>',
};

type Binding = KubernetesObject & { readonly roleRef: RoleRef; readonly subjects?: readonly Subject[] };

export const roleColumn: Column<Binding> = {
  name: 'Role', type: 'string', description: 'The role that is given.', cell: ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`,
};

const subjectColumn = (name: string, kind: string, text: (subject: Subject) => string): Column<Binding> => ({
  name, type: 'string', description: `Each ${kind} that gets the role.`, priority: 1,
  cell: ({ subjects = [] }) => subjects.filter((subject) => subject.kind === kind).map(text).join(', '),
});

export const subjectColumns: readonly Column<Binding>[] = [
  subjectColumn('Users', 'User', ({ name }) => name),
  subjectColumn('Groups', 'Group', ({ name }) => name),
  subjectColumn('ServiceAccounts', 'ServiceAccount', ({ namespace = '', name }) => `${namespace}/${name}`),
];
