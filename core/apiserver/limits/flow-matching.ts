import type { Attributes } from '#core/api/access.ts';
import type { FlowSchemaSpec, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule, Subject } from '#core/api/schema/flowcontrol-v1.ts';
import type { User } from '#core/api/user.ts';

/** Whether a request is one that the schema means. */
export type Matches = (attributes: Attributes) => boolean;

export function compileSchema({ rules = [] }: FlowSchemaSpec): Matches {
  const compiled = rules.map(compileRule);
  return (attributes) => compiled.some((matches) => matches(attributes));
}

function compileRule({ subjects, resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects): Matches {
  const isMeant = compileSubjects(subjects);
  const resources = resourceRules.map(compileResourceRule);
  const others = nonResourceRules.map(compileNonResourceRule);
  return (attributes) => isMeant(attributes.user) && (attributes.resource === undefined ? others : resources).some((matches) => matches(attributes));
}

const all = '*';

type IsMember = (value: string) => boolean;
const anything: IsMember = () => true;

function memberOf(values: readonly string[]): IsMember {
  if (values.includes(all)) return anything;
  const members = new Set(values);
  return (value) => members.has(value);
}

function compileSubjects(subjects: readonly Subject[]): (user: User) => boolean {
  const users = memberOf(subjects.flatMap(({ kind, user }) => (kind === 'User' && user ? [user.name] : [])));
  const groups = memberOf(subjects.flatMap(({ kind, group }) => (kind === 'Group' && group ? [group.name] : [])));
  const accounts = subjects.flatMap(({ kind, serviceAccount }) => (kind === 'ServiceAccount' && serviceAccount ? [serviceAccount] : []))
    .map(({ namespace, name }) => ({ name, prefix: `system:serviceaccount:${namespace}:` }));
  const isAccount = (user: string): boolean =>
    accounts.some(({ name, prefix }) => user.startsWith(prefix) && (name === all || user.length === prefix.length + name.length) && (name === all || user.endsWith(name)));
  return (user) => users(user.name) || user.groups.some(groups) || (accounts.length > 0 && isAccount(user.name));
}

function compileResourceRule({ verbs, apiGroups, resources, clusterScope = false, namespaces = [] }: ResourcePolicyRule): Matches {
  const [hasVerb, hasGroup, hasResource, hasNamespace] = [memberOf(verbs), memberOf(apiGroups), memberOf(resources), memberOf(namespaces)];
  return ({ verb, group = '', resource = '', subresource = '', namespace = '' }) =>
    hasVerb(verb) && hasGroup(group) && hasResource(subresource === '' ? resource : `${resource}/${subresource}`) && (namespace === '' ? clusterScope : hasNamespace(namespace));
}

function compileNonResourceRule({ verbs, nonResourceURLs: urls }: NonResourcePolicyRule): Matches {
  const hasVerb = memberOf(verbs);
  const isUrl = memberOf(urls);
  const prefixes = urls.filter((url) => url.endsWith('/*')).map((url) => url.slice(0, -1));
  return ({ verb, path }) => hasVerb(verb) && (isUrl(path) || prefixes.some((prefix) => path.startsWith(prefix)));
}
