import type { Attributes, Decision, Rules } from '#core/api/access.ts';
import { resourceName } from '#core/api/schema/kind.ts';
import { isMaster, type User } from '#core/api/user.ts';
import { token } from '#core/kernel/token.ts';

/** Decides whether a user may. Answers from memory: it is asked at each request. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision;
}
export const Authorizer = token<Authorizer>('Authorizer');

/** An authorizer whose rules can be listed. */
export interface RuleResolver {
  /** @param namespace '' for what holds in the whole cluster only */
  rulesFor(user: User, namespace: string): Rules;
}
export const RuleResolver = token<RuleResolver>('RuleResolver');

export const isRuleResolver = (authorizer: Authorizer): authorizer is Authorizer & RuleResolver => 'rulesFor' in authorizer;

export const allowed = (reason = ''): Decision => ({ allowed: true, reason });
export const noOpinion = (reason = ''): Decision => ({ allowed: false, reason });
const yes = allowed();
const no = noOpinion();

/** Asks one after the other; the first that allows or denies decides. */
export class AuthorizerUnion implements Authorizer, RuleResolver {
  private readonly authorizers: readonly Authorizer[];

  constructor(authorizers: readonly Authorizer[]) {
    this.authorizers = authorizers;
  }

  authorize(attributes: Attributes): Decision {
    let reasons = '';
    for (const authorizer of this.authorizers) {
      const decision = authorizer.authorize(attributes);
      if (decision.allowed || decision.denied === true) return decision;
      if (decision.reason !== '') reasons += reasons === '' ? decision.reason : `\n${decision.reason}`;
    }
    return reasons === '' ? no : noOpinion(reasons);
  }

  rulesFor(user: User, namespace: string): Rules {
    const all = this.authorizers.filter((authorizer) => isRuleResolver(authorizer)).map((resolver) => resolver.rulesFor(user, namespace));
    return {
      resourceRules: all.flatMap(({ resourceRules }) => resourceRules),
      nonResourceRules: all.flatMap(({ nonResourceRules }) => nonResourceRules),
      incomplete: all.some(({ incomplete }) => incomplete),
      errors: all.flatMap(({ errors }) => errors),
    };
  }
}

const everything: Rules = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false, errors: [],
};
const nothing: Rules = { resourceRules: [], nonResourceRules: [], incomplete: false, errors: [] };

/** Members of `system:masters` may do everything, so that no rule locks out the cluster's owner. */
export const masters: Authorizer & RuleResolver = {
  authorize: ({ user }) => (isMaster(user) ? yes : no),
  rulesFor: (user) => (isMaster(user) ? everything : nothing),
};

const publicPaths = /^\/(healthz|livez|readyz)(\/|$)|^\/version\/?$/;

/** Everybody may ask for health and version. */
export const publicInfo: Authorizer = { authorize: ({ path, resource }) => (resource === undefined && publicPaths.test(path) ? yes : no) };

/** Members of `system:masters` may do everything, everybody may ask for health and version, and nobody else anything. */
export const mastersOnly: Authorizer & RuleResolver = new AuthorizerUnion([masters, publicInfo]);

/** The API's wording of a refusal. @param reason what the authorizers said, if anything */
export function forbiddenMessage({ user, verb, path, group = '', resource, subresource = '', namespace = '', name = '' }: Attributes, reason = ''): string {
  const why = reason === '' ? '' : `: ${reason}`;
  if (resource === undefined) return `forbidden: User "${user.name}" cannot ${verb} path "${path}"${why}`;
  const what = resourceName({ group, plural: resource });
  const subject = name === '' ? what : `${what} "${name}"`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const thing = subresource === '' ? resource : `${resource}/${subresource}`;
  return `${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${thing}" in API group "${group}" ${where}${why}`;
}
