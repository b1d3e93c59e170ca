import type { User } from '#core/api/user.ts';
import { token } from '#core/kernel/token.ts';

/** What somebody wants of a node agent, as a verb on a subresource of its Node. */
export interface NodeAccess {
  readonly verb: string;
  /** `proxy`, `stats`, `metrics`, `log`, `pods`, `healthz`. */
  readonly subresource: string;
}

/** Who may ask a node agent for what. Client certificates are the server's own concern. */
export interface AgentAuth {
  /** Whose a bearer token is; undefined when it is nobody's. @throws when that cannot be found out now */
  userOfToken(bearer: string, signal: AbortSignal): Promise<User | undefined>;
  /** @throws when that cannot be found out now */
  allows(user: User, access: NodeAccess, signal: AbortSignal): Promise<boolean>;
}
export const AgentAuth = token<AgentAuth>('AgentAuth');
