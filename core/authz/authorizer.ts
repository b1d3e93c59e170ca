import type { User } from '#core/api/user.ts';
import { token } from '#core/kernel/token.ts';

/** What a user wants to do; `path` for requests that name no resource. */
export interface Attributes {
  readonly user: User;
  readonly verb: string;
  readonly path: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string | undefined;
  readonly name?: string;
}

/** Decides whether a user may. Rules of their own are a further implementation. */
export interface Authorizer {
  allows(attributes: Attributes): boolean;
}
export const Authorizer = token<Authorizer>('Authorizer');

const publicPaths = /^\/(healthz|livez|readyz)(\/|$)|^\/version\/?$/;

/** Members of `system:masters` may do everything, everybody may ask for health and version, and nobody else anything. */
export const mastersOnly: Authorizer = {
  allows: ({ user, path }) => user.groups.includes('system:masters') || publicPaths.test(path),
};

/** The API's wording of a refusal. */
export function forbiddenMessage({ user, verb, path, group, resource, subresource, namespace, name }: Attributes): string {
  if (resource === undefined) return `forbidden: User "${user.name}" cannot ${verb} path "${path}"`;
  const what = group === undefined || group === '' ? resource : `${resource}.${group}`;
  const subject = name === undefined || name === '' ? what : `${what} "${name}"`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const thing = subresource === undefined || subresource === '' ? resource : `${resource}/${subresource}`;
  return `${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${thing}" in API group "${group ?? ''}" ${where}`;
}
