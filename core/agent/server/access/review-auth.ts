import { createHash } from 'node:crypto';
import { TokenReview } from '#core/api/schema/authentication-v1.ts';
import { SubjectAccessReview } from '#core/api/schema/authorization-v1.ts';
import { isMaster, type User } from '#core/api/user.ts';
import type { Writer } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { AgentAuth, NodeAccess } from './agent-auth.ts';
import { ExpiringMap } from './expiring-map.ts';

/** How long answers hold, in milliseconds; as upstream's defaults. */
const tokenMs = 2 * 60_000;
const allowedMs = 5 * 60_000;
const deniedMs = 30_000;
const mostAnswers = 1000;

/** Asks the API server, by TokenReview and SubjectAccessReview, and remembers the answers for some minutes. */
export class ReviewAuth implements AgentAuth {
  readonly #client: Pick<Writer, 'create'>;
  readonly #nodeName: string;
  readonly #users: ExpiringMap<User | undefined>;
  readonly #decisions: ExpiringMap<boolean>;

  constructor(client: Pick<Writer, 'create'>, nodeName: string, clock: Clock) {
    this.#client = client;
    this.#nodeName = nodeName;
    this.#users = new ExpiringMap(clock, mostAnswers);
    this.#decisions = new ExpiringMap(clock, mostAnswers);
  }

  userOfToken(bearer: string, signal: AbortSignal): Promise<User | undefined> {
    const key = createHash('sha256').update(bearer).digest('base64');
    return this.#users.getOrAsk(key, () => this.#reviewToken(bearer, signal), (user) => (user === undefined ? 0 : tokenMs));
  }

  async allows(user: User, access: NodeAccess, signal: AbortSignal): Promise<boolean> {
    // They may whatever the server would say, and must when it cannot be reached.
    if (isMaster(user)) return true;
    const key = JSON.stringify([user.name, user.uid ?? '', user.groups, user.extra ?? {}, access.verb, access.subresource]);
    return this.#decisions.getOrAsk(key, () => this.#reviewAccess(user, access, signal), (allowed) => (allowed ? allowedMs : deniedMs));
  }

  async #reviewToken(bearer: string, signal: AbortSignal): Promise<User | undefined> {
    const { status } = await this.#client.create(TokenReview, { metadata: { name: '' }, spec: { token: bearer } }, {}, signal);
    const { username = '', groups = [], uid, extra } = status.user;
    if (!status.authenticated || username === '') {
      if (status.error) throw new Error(status.error);
      return undefined;
    }
    return { name: username, groups, ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
  }

  async #reviewAccess({ name, groups, uid, extra }: User, { verb, subresource }: NodeAccess, signal: AbortSignal): Promise<boolean> {
    const resourceAttributes = { verb, group: '', version: 'v1', resource: 'nodes', subresource, name: this.#nodeName };
    const spec = { resourceAttributes, user: name, groups: [...groups], ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra: copyOf(extra) }) };
    const { status } = await this.#client.create(SubjectAccessReview, { metadata: { name: '' }, spec }, {}, signal);
    return status.allowed;
  }
}

const copyOf = (extra: Readonly<Record<string, readonly string[]>>): Record<string, string[]> => Object.fromEntries(Object.entries(extra).map(([name, values]) => [name, [...values]]));
