import type { IncomingMessage } from 'node:http';
import type { Attributes, Decision } from '#core/api/access.ts';
import { FieldSelector } from '#core/api/field-selector.ts';
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

  /** As whom a known user asks. @throws {StatusError} Forbidden for one who may not be whom they want to be */
  identify(user: User, request: IncomingMessage): Identity {
    const wanted = impersonationOf(request.headers, request.rawHeaders);
    if (wanted === undefined) return { user };
    for (const check of wanted.checks) this.authorize({ user, verb: 'impersonate', path: request.url ?? '', ...check, namespace: check.namespace });
    return { user: wanted.user, impersonator: user };
  }

  /** @throws {StatusError} Unauthorized */
  async authenticate(request: IncomingMessage): Promise<User> {
    for (const authenticator of this.authenticators) {
      const user = await this.recognized(authenticator, request);
      if (user) return user;
    }
    if (request.headers.authorization !== undefined) throw new StatusError('Unauthorized', 'Unauthorized');
    return anonymous;
  }

  /** What is wrong with somebody's credentials is nothing for those who do not know whose they are. */
  private async recognized(authenticator: Authenticator, request: IncomingMessage): Promise<User | undefined> {
    try {
      return await authenticator.authenticate(request);
    } catch (error) {
      throw StatusError.is(error, 'Unauthorized') ? new StatusError('Unauthorized', 'Unauthorized', undefined, { cause: error }) : error;
    }
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

const narrowing: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

/** What a request for a resource, or for a path, is to authorization. @throws {StatusError} BadRequest for a field selector that cannot be read */
export function attributesOf(user: User, verb: string, path: string, target: Target | undefined, query?: URLSearchParams): Attributes {
  if (target === undefined) return { user, verb, path };
  const { resource: { kind }, subresource, name } = target;
  const fieldSelector = narrowing.has(verb) ? selectorOf(query) : undefined;
  return {
    user, verb, path, group: kind.group, version: kind.version, resource: kind.plural, subresource, namespace: namespaceOf(target),
    name: name === '' ? fieldSelector?.required('metadata.name') ?? '' : name, ...(fieldSelector ? { fieldSelector } : {}),
  };
}

function selectorOf(query: URLSearchParams | undefined): FieldSelector | undefined {
  const text = query?.get('fieldSelector') ?? '';
  return text === '' ? undefined : FieldSelector.parse(text);
}

/** Who may see a namespace's content may see the namespace itself. */
const namespaceOf = ({ resource: { kind }, namespace, name }: Target): string | undefined =>
  (kind.group === '' && kind.plural === 'namespaces' && name !== '' ? name : namespace);
