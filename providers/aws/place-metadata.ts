/** An EC2 instance as its metadata service tells of it. */
export interface Ec2Machine {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly region: string;
}

export interface MetadataServiceOptions {
  /** `AWS_EC2_METADATA_DISABLED`, `AWS_EC2_METADATA_SERVICE_ENDPOINT` and `…_ENDPOINT_MODE` (`IPv4` or `IPv6`) count, as they do for the SDK. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fetch?: typeof fetch;
  /** For each of the two requests, in milliseconds. */
  readonly timeoutMs?: number;
}

const endpoints = { IPv4: 'http://169.254.169.254', IPv6: 'http://[fd00:ec2::254]' } as const;
const tokenHeader = 'X-aws-ec2-metadata-token';
const tokenSeconds = 60;

/** The metadata service of the machine on which this process runs (version 2, with a session token). */
export class MetadataService {
  readonly #options: Required<MetadataServiceOptions>;

  constructor(options: MetadataServiceOptions) {
    this.#options = { fetch, timeoutMs: 1_000, ...options };
  }

  /** A sentence instead of a machine says why there is none. */
  async machine(signal: AbortSignal): Promise<Ec2Machine | string> {
    const { AWS_EC2_METADATA_DISABLED: disabled = '' } = this.#options.environment;
    if (disabled.toLowerCase() === 'true') return 'AWS_EC2_METADATA_DISABLED forbids to ask this machine';
    try {
      const token = await this.#request('api/token', { method: 'PUT', headers: { [`${tokenHeader}-ttl-seconds`]: String(tokenSeconds) } }, signal);
      const document: unknown = JSON.parse(await this.#request('dynamic/instance-identity/document', { headers: { [tokenHeader]: token } }, signal));
      return machineOf(document) ?? `${this.#endpoint} tells of no instance of EC2`;
    } catch (error) {
      signal.throwIfAborted();
      return `this machine is no instance of EC2, or does not tell (${this.#endpoint}: ${reasonOf(error)})`;
    }
  }

  get #endpoint(): string {
    const { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint = '', AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode = '' } = this.#options.environment;
    return (endpoint || endpoints[mode.toLowerCase() === 'ipv6' ? 'IPv6' : 'IPv4']).replace(/\/+$/, '');
  }

  async #request(path: string, request: RequestInit, signal: AbortSignal): Promise<string> {
    const { fetch: send, timeoutMs } = this.#options;
    const response = await send(`${this.#endpoint}/latest/${path}`, { ...request, redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (!response.ok) throw new Error(`it answers ${response.status}`);
    return response.text();
  }
}

/** Others than EC2 have something at this address too. */
function machineOf(document: unknown): Ec2Machine | undefined {
  const { instanceId, instanceType, availabilityZone: zone, region } = (document ?? {}) as Readonly<Record<string, unknown>>;
  const isWhole = typeof instanceId === 'string' && /^i-[0-9a-f]+$/.test(instanceId) && typeof instanceType === 'string' && typeof zone === 'string' && typeof region === 'string' && zone.startsWith(region) && region !== '';
  return isWhole ? { instanceId, instanceType, zone, region } : undefined;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
