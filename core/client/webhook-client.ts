import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';

/** How a webhook is reached, as configurations and CustomResourceDefinitions say it: by `url` or by `service`. */
export interface WebhookTarget {
  readonly url?: string | undefined;
  readonly service?: { readonly namespace: string; readonly name: string; readonly path?: string | undefined; readonly port?: number | undefined } | undefined;
  /** PEM in base64; the system's own authorities when absent. */
  readonly caBundle?: string | undefined;
}

/** Finds where a service can be reached just now. */
export interface ServiceResolver {
  /** @throws {Error} with a sentence when there is no such service, or nobody behind it */
  resolve(namespace: string, name: string, port: number): { readonly host: string; readonly port: number };
}

/** The webhook could not be asked, or gave no answer that can be used. */
export class WebhookError extends Error {
  /** It was waited for in vain. */
  readonly timedOut: boolean;

  constructor(message: string, options: { cause?: unknown; timedOut?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.name = 'WebhookError';
    this.timedOut = options.timedOut ?? false;
  }
}

export interface WebhookCall {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** An answer holds one object, and objects are smaller than this. */
const maxAnswerBytes = 4 * 1024 * 1024;
const maxAgents = 100;

interface Address {
  readonly url: URL;
  /** Where the connection goes, when that is not what the URL names. */
  readonly connect: { readonly host: string; readonly port: number } | undefined;
}

/** Asks webhooks: JSON over HTTPS, on connections that are kept. */
export class WebhookClient {
  private readonly resolver: ServiceResolver;
  /** By server name and authorities. */
  private readonly agents = new Map<string, Agent>();

  constructor(resolver: ServiceResolver) {
    this.resolver = resolver;
  }

  /** Posts `body` and resolves to the parsed answer. @throws {WebhookError} */
  async call(target: WebhookTarget, body: unknown, { timeoutMs, signal }: WebhookCall): Promise<unknown> {
    const address = this.locate(target);
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await this.post(address, target.caBundle, JSON.stringify(body), timeoutMs, signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (error) {
      if (error instanceof WebhookError) throw error;
      if (limit.aborted) throw new WebhookError(`Post "${address.url.href}": context deadline exceeded (no answer within ${timeoutMs / 1000} s)`, { cause: error, timedOut: true });
      throw new WebhookError(`Post "${address.url.href}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  close(): void {
    for (const agent of this.agents.values()) agent.destroy();
    this.agents.clear();
  }

  private locate({ url, service }: WebhookTarget): Address {
    if (url !== undefined) {
      if (!URL.canParse(url) || !url.startsWith('https://')) throw new WebhookError(`the webhook's url ${JSON.stringify(url)} is not an https URL`);
      return { url: new URL(url), connect: undefined };
    }
    if (service === undefined) throw new WebhookError('the webhook has neither a url nor a service');
    const { namespace, name, path = '', port = 443 } = service;
    const base = `https://${name}.${namespace}.svc:${port}`;
    try {
      return { url: new URL(path.startsWith('/') ? path : `/${path}`, base), connect: this.resolver.resolve(namespace, name, port) };
    } catch (error) {
      throw new WebhookError(`service ${namespace}/${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  private async post({ url, connect }: Address, caBundle: string | undefined, text: string, timeoutMs: number, signal: AbortSignal): Promise<unknown> {
    const bytes = Buffer.from(text);
    url.searchParams.set('timeout', `${timeoutMs / 1000}s`);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = httpsRequest({
        agent: this.agentFor(url.hostname, caBundle), signal, method: 'POST', path: url.pathname + url.search,
        host: connect?.host ?? unbracketed(url.hostname), port: connect?.port ?? (url.port || 443),
        // An address has no name to ask for; the certificate is checked against it all the same.
        ...(isIP(unbracketed(url.hostname)) === 0 ? { servername: url.hostname } : {}),
        headers: { Host: url.host, 'Content-Type': 'application/json', Accept: 'application/json', 'Content-Length': bytes.length, 'User-Agent': 'keelson-admission' },
      }, resolve);
      outgoing.on('error', reject);
      outgoing.end(bytes);
    });
    const answer = await readAll(response, url);
    const code = response.statusCode ?? 0;
    // What redirects could send the object anywhere.
    if (code !== 200) throw new WebhookError(`Post "${url.href}": the webhook answered ${code}: ${answer.slice(0, 300)}`);
    try {
      return JSON.parse(answer) as unknown;
    } catch (error) {
      throw new WebhookError(`Post "${url.href}": the answer is no JSON`, { cause: error });
    }
  }

  private agentFor(name: string, caBundle: string | undefined): Agent {
    const key = `${name} ${caBundle ?? ''}`;
    const known = this.agents.get(key);
    if (known) return known;
    const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 4, ca: caBundle === undefined ? [...rootCertificates] : authoritiesOf(caBundle) });
    this.agents.set(key, agent);
    const [oldest] = this.agents.keys();
    if (this.agents.size > maxAgents && oldest !== undefined) {
      this.agents.get(oldest)?.destroy();
      this.agents.delete(oldest);
    }
    return agent;
  }
}

const unbracketed = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

function authoritiesOf(caBundle: string): string {
  const pem = Buffer.from(caBundle, 'base64').toString();
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new WebhookError("the webhook's caBundle holds no certificate in PEM", { cause: error });
  }
  return pem;
}

async function readAll(response: IncomingMessage, url: URL): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswerBytes) {
      response.destroy();
      throw new WebhookError(`Post "${url.href}": the answer has more than ${maxAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
