import type { IncomingMessage } from 'node:http';
import type { Attributes, Decision } from '#core/api/access.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { anonymous, type Authenticator } from '#core/authn/authenticator.ts';
import { impersonationOf } from '#core/authn/impersonation.ts';
import { forbiddenMessage, type Authorizer } from '#core/authz/authorizer.ts';
import type { Target } from '#core/apiserver/api.ts';

/** Who sends a request, and as whom. */
export interface Identity {
  readonly user: User;
  /** Who asked to be `user`. */
  readonly impersonator?: User;
}

/** Finds out who asks, and whether they may. */
export class Access {
  private readonly authenticators: readonly Authenticator[];
  private readonly authorizer: Authorizer;

  constructor(authenticators: readonly Authenticator[], authorizer: Authorizer) {
    this.authenticators = authenticators;
    this.authorizer = authorizer;
  }

  /** @throws {StatusError} Unauthorized; Forbidden for one who may not be whom they want to be */
  async identify(request: IncomingMessage): Promise<Identity> {
    const user = await this.authenticate(request);
    const wanted = impersonationOf(request.headers, request.rawHeaders);
    if (wanted === undefined) return { user };
    for (const check of wanted.checks) this.authorize({ user, verb: 'impersonate', path: request.url ?? '', ...check, namespace: check.namespace });
    return { user: wanted.user, impersonator: user };
  }

  private async authenticate(request: IncomingMessage): Promise<User> {
    for (const authenticator of this.authenticators) {
      const user = await authenticator.authenticate(request);
      if (user) return user;
    }
    if (request.headers.authorization !== undefined) throw new StatusError('Unauthorized', 'Unauthorized');
    return anonymous;
  }

  /** @throws {StatusError} Forbidden; Unauthorized for one who has not said who they are */
  authorize(attributes: Attributes): Decision {
    const decision = this.authorizer.authorize(attributes);
    if (decision.allowed) return decision;
    const { user, group = '', resource, name = '' } = attributes;
    if (user === anonymous) throw new StatusError('Unauthorized', 'Unauthorized');
    const details = resource === undefined ? {} : { ...(group === '' ? {} : { group }), kind: resource, ...(name === '' ? {} : { name }) };
    throw new StatusError('Forbidden', forbiddenMessage(attributes, decision.reason), details);
  }
}

/** What a request for a resource, or for a path, is to authorization. */
export const attributesOf = (user: User, verb: string, path: string, target: Target | undefined): Attributes => ({
  user, verb, path,
  ...(target ? {
    group: target.resource.kind.group, version: target.resource.kind.version, resource: target.resource.kind.plural,
    subresource: target.subresource, namespace: target.namespace, name: target.name,
  } : {}),
});
