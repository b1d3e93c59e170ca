import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancerPort, LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import { annotationPrefix } from './annotations.ts';
import type { Options } from './options.ts';

export type GroupProtocol = 'TCP' | 'UDP' | 'TCP_UDP' | 'TLS';

/** How a target group asks its targets how they are. */
export interface HealthCheck {
  readonly protocol: 'TCP' | 'HTTP' | 'HTTPS';
  /** A number, or `traffic-port`. */
  readonly port: string;
  /** For HTTP and HTTPS. */
  readonly path: string | undefined;
  readonly codes: string | undefined;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
}

/** Where every node's proxy tells how it is. */
const proxyHealth = { port: 10_256, path: '/healthz' };

type Page = { readonly port: number; readonly path: string } | undefined;

/** By annotations, and by default the service's own page of health, or whether the target takes connections. @throws {ProviderError} Invalid */
export function healthCheckOf(request: LoadBalancerRequest, options: Options, port: LoadBalancerPort, sends: GroupProtocol): HealthCheck {
  const { health } = options;
  const page = pageOf(request, options, sends);
  const protocol = health.protocol ?? (page === undefined ? 'TCP' : 'HTTP');
  return {
    protocol,
    port: portOf(request, options, port) ?? (page === undefined ? 'traffic-port' : String(page.port)),
    ...(protocol === 'TCP' ? { path: undefined, codes: undefined } : { path: health.path ?? page?.path ?? '/', codes: health.codes ?? '200-399' }),
    ...paceOf(options, request.healthCheck !== undefined, protocol !== 'TCP'),
  };
}

function paceOf({ health, targetType }: Options, isLocal: boolean, isHttp: boolean): Pick<HealthCheck, 'healthy' | 'unhealthy' | 'intervalSeconds' | 'timeoutSeconds'> {
  const threshold = isLocal && targetType === 'instance' ? 2 : 3;
  const { healthy = threshold, unhealthy = threshold, intervalSeconds = 10 } = health;
  const { timeoutSeconds = Math.min(isHttp ? 6 : 10, intervalSeconds) } = health;
  if (timeoutSeconds > intervalSeconds) throw wrong('healthcheck-timeout', timeoutSeconds, `is longer than the interval of ${intervalSeconds} seconds`);
  return { healthy, unhealthy, intervalSeconds, timeoutSeconds };
}

/** Nodes tell by HTTP whether they have pods of the service; a port of UDP takes no connections that could be tried. */
function pageOf({ healthCheck }: LoadBalancerRequest, { targetType }: Options, sends: GroupProtocol): Page {
  if (targetType === 'ip') return undefined;
  return healthCheck ?? (sends === 'UDP' ? proxyHealth : undefined);
}

function portOf({ ports }: LoadBalancerRequest, { health: { port: text }, targetType }: Options, own: LoadBalancerPort): string | undefined {
  if (text === undefined || text === 'traffic-port') return text;
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return text;
  const named = ports.find(({ name }) => name !== '' && name === text);
  if (named === own) return 'traffic-port';
  if (named?.nodePort === undefined || targetType !== 'instance') throw wrong('healthcheck-port', text, 'is neither "traffic-port", nor a number from 1 to 65535, nor a port of the service with a node port');
  return String(named.nodePort);
}

const wrong = (name: string, value: unknown, problem: string): ProviderError => new ProviderError('Invalid', `the annotation ${annotationPrefix}${name}: ${JSON.stringify(value)} ${problem}`);
