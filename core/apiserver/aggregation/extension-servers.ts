import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { direct, type Egress } from '#core/apiserver/proxy/address.ts';
import { fetchText, type Backend, type TlsTerms } from '#core/apiserver/proxy/backend.ts';
import type { Headers } from '#core/apiserver/proxy/headers.ts';
import type { ServiceResolver } from '#core/client/webhook-client.ts';
import type { ExtensionService } from './api-services.ts';
import { setIdentity } from './identity-headers.ts';

/** The certificate by which extension API servers know this server, PEM. */
export interface FrontProxy {
  readonly ca: string;
  readonly client: { readonly cert: string; readonly key: string };
}

export interface ExtensionServersOptions {
  readonly services: ServiceResolver;
  readonly frontProxy?: FrontProxy | undefined;
  readonly egress?: Egress | undefined;
}

export interface Fetched {
  readonly code: number;
  readonly type: string;
  readonly etag: string | undefined;
  readonly text: string;
}

/** How many servers' connections are kept. */
const mostAgents = 100;
const fetchLimits = { timeoutMs: 5000, maxBytes: 32 * 1024 * 1024 };

/** Knows how extension API servers are reached, and as whom. */
export class ExtensionServers {
  private readonly options: ExtensionServersOptions;
  /** By server name and terms. */
  private readonly agents = new Map<string, Agent>();

  constructor(options: ExtensionServersOptions) {
    this.options = options;
  }

  /**
   * Where the server is just now; each time another one of its endpoints.
   * @param trusting the certificate is not looked at, for questions whose answer is not relied upon
   * @throws {StatusError} NotFound, ServiceUnavailable, InternalError for a caBundle that cannot be used
   */
  backend({ spec }: Pick<ExtensionService, 'spec'>, trusting = false): Backend {
    const { namespace = '', name = '', port = 443 } = spec.service;
    const address = (this.options.egress ?? direct)(this.options.services.resolve(namespace, name, port));
    const servername = `${name}.${namespace}.svc`;
    const authority = trusting || spec.insecureSkipTLSVerify === true ? undefined : spec.caBundle || systemAuthorities;
    const tls: TlsTerms = { ...this.options.frontProxy?.client, servername, ...trustIn(authority) };
    return { scheme: 'https', address, tls, agent: this.agentFor(`${servername} ${authority ?? 'unchecked'}`) };
  }

  /** Asks for one document. @throws {BackendError | StatusError} */
  async fetch(service: ExtensionService, path: string, { user, headers = new Map(), trusting = false }: { user: User; headers?: Headers; trusting?: boolean }): Promise<Fetched> {
    setIdentity(headers, user);
    headers.set('host', [hostOf(service)]);
    const answer = await fetchText(this.backend(service, trusting), { path, headers }, fetchLimits);
    return { code: answer.code, type: answer.headers['content-type'] ?? '', etag: answer.headers.etag, text: answer.text };
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }

  private agentFor(key: string): Agent {
    const known = this.agents.get(key);
    if (known) return known;
    const agent = new Agent({ keepAlive: true, maxFreeSockets: 16 });
    this.agents.set(key, agent);
    const [oldest] = this.agents.keys();
    if (this.agents.size > mostAgents && oldest !== undefined) {
      retire(this.agents.get(oldest));
      this.agents.delete(oldest);
    }
    return agent;
  }
}

/** What is under way on its connections goes on. */
function retire(agent: (Agent & { keepAlive?: boolean }) | undefined): void {
  if (agent === undefined) return;
  agent.keepAlive = false;
  for (const idle of Object.values(agent.freeSockets).flat()) idle?.destroy();
}

/** No caBundle: the machine's own authorities are as good as any. */
const systemAuthorities = 'system';

/** @param authority undefined when the certificate is not looked at @throws {StatusError} InternalError */
function trustIn(authority: string | undefined): TlsTerms {
  if (authority === undefined) return { rejectUnauthorized: false };
  return authority === systemAuthorities ? {} : { ca: authorities(authority) };
}

/** As the server knows itself. */
export const hostOf = ({ spec: { service: { namespace = '', name = '', port = 443 } } }: Pick<ExtensionService, 'spec'>): string =>
  `${name}.${namespace}.svc${port === 443 ? '' : `:${port}`}`;

const known = new Map<string, string>();

/** @throws {StatusError} InternalError when it holds no certificate */
function authorities(caBundle: string): string {
  let pem = known.get(caBundle);
  if (pem !== undefined) return pem;
  pem = Buffer.from(caBundle, 'base64').toString();
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new StatusError('InternalError', 'unable to load root certificates: unable to parse bytes as PEM block', undefined, { cause: error });
  }
  if (known.size >= mostAgents) known.clear();
  known.set(caBundle, pem);
  return pem;
}
