import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { User } from '#core/api/user.ts';
import { authenticatedGroup } from '#core/api/user.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { PlainError } from '#core/agent/server/plain-error.ts';
import type { AgentAuth, NodeAccess } from './agent-auth.ts';

const bearerForm = /^Bearer +(\S+)$/i;

/** Lets nobody in who is not known, and not allowed what is asked for. */
export class Gate {
  readonly #auth: AgentAuth;
  readonly #logger: Logger;

  constructor(auth: AgentAuth, logger: Logger) {
    this.#auth = auth;
    this.#logger = logger;
  }

  /** @param accesses one of them is enough @throws {PlainError} 401, 403, or 500 when it cannot be found out */
  async check(request: IncomingMessage, accesses: readonly NodeAccess[], signal: AbortSignal): Promise<void> {
    const user = await this.#userOf(request, signal);
    for (const access of accesses) if (await this.#allows(user, access, signal)) return;
    const subresources = accesses.map(({ subresource }) => subresource);
    throw new PlainError(403, `Forbidden (user=${user.name}, verb=${accesses[0]?.verb ?? ''}, resource=nodes, subresource(s)=[${subresources.join(' ')}])\n`);
  }

  async #userOf(request: IncomingMessage, signal: AbortSignal): Promise<User> {
    const user = userOfCertificate(request) ?? await this.#userOfToken(request, signal);
    if (user === undefined) throw new PlainError(401, 'Unauthorized');
    return user;
  }

  async #userOfToken({ headers: { authorization = '' } }: IncomingMessage, signal: AbortSignal): Promise<User | undefined> {
    const [, bearer] = bearerForm.exec(authorization) ?? [];
    if (bearer === undefined) return undefined;
    try {
      return await this.#auth.userOfToken(bearer, signal);
    } catch (error) {
      this.#logger.warn('a token could not be reviewed', { error });
      return undefined;
    }
  }

  async #allows(user: User, access: NodeAccess, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#auth.allows(user, access, signal);
    } catch (error) {
      this.#logger.warn('an access could not be reviewed', { error, user: user.name });
      throw new PlainError(500, `Authorization error (user=${user.name}, verb=${access.verb}, resource=nodes, subresource=${access.subresource})`, { cause: error });
    }
  }
}

/** Of a client certificate that the cluster's authority has signed. */
function userOfCertificate({ socket }: IncomingMessage): User | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  // An empty object stands for no certificate, whatever the types say.
  if (subject === undefined || typeof subject.CN !== 'string' || subject.CN === '') return undefined;
  const organizations: readonly string[] = subject.O === undefined ? [] : [subject.O].flat();
  return { name: subject.CN, groups: [...organizations, authenticatedGroup] };
}
