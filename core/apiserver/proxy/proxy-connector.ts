import type { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { StatusError } from '#core/api/status-error.ts';
import { nodeHttp } from '#core/kernel/node-http.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { direct, type Egress } from './address.ts';
import { BackendError, type Backend } from './backend.ts';
import type { Connection, Connector } from './connector.ts';
import { forward } from './forward.ts';
import { requestHeaders } from './headers.ts';
import { placeOfNode } from './node-proxy.ts';
import type { Place } from './place.ts';
import { podLog } from './pod-log.ts';
import { placeOfPod } from './pod-proxy.ts';
import { podStreams } from './pod-streams.ts';
import { rewriteRedirect } from './redirect.ts';
import { placeOfService } from './service-proxy.ts';
import type { StoredServices } from './service-resolver.ts';
import { tunnel } from './tunnel.ts';

export interface ProxyOptions {
  readonly objects: ObjectStore;
  readonly services: StoredServices;
  readonly egress?: Egress | undefined;
  /** Our certificate for node agents, PEM; with `ca`, theirs is checked too. */
  readonly nodeAgents?: { readonly cert: string; readonly key: string; readonly ca?: string | undefined } | undefined;
}

/** The connectors of `services/proxy`, `pods/proxy` and `nodes/proxy`, of what nodes do for their pods, and what ends their connections. */
export function proxyConnectors(options: ProxyOptions): { readonly connectors: readonly Connector[]; close(): void } {
  const { objects, services } = options;
  const agents = { http: new nodeHttp.Agent({ keepAlive: true, maxFreeSockets: 16 }), https: new HttpsAgent({ keepAlive: true, maxFreeSockets: 16 }) };
  const reach = (place: Place): Backend => backendOf(place, options, agents);
  const proxy = (plural: string, find: (namespace: string, name: string) => Place | Promise<Place>): Connector => ({
    group: '', plural, subresource: 'proxy',
    options: ({ path }) => (path === '' ? {} : { path }),
    connect: async (connection) => {
      const { target } = connection;
      const place = await find(target.namespace ?? '', target.name);
      await pass(connection, reach(place), place);
    },
  });
  return {
    connectors: [
      proxy('services', (namespace, name) => placeOfService(objects, services, namespace, name)),
      proxy('pods', (namespace, name) => placeOfPod(objects, namespace, name)),
      proxy('nodes', (_namespace, name) => placeOfNode(objects, name)),
      podLog(objects, reach), ...podStreams(objects, reach),
    ],
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function backendOf({ scheme, address, isNodeAgent = false, takesAnyCertificate = false }: Place, { egress = direct, nodeAgents }: ProxyOptions, agents: { readonly http: HttpAgent; readonly https: HttpsAgent }): Backend {
  const { cert, key, ca } = nodeAgents ?? {};
  // Pods and services have certificates of their own making.
  const tls = !isNodeAgent ? { rejectUnauthorized: false }
    : { rejectUnauthorized: ca !== undefined && !takesAnyCertificate, ...(cert === undefined ? {} : { cert, key }), ...(ca === undefined ? {} : { ca }) };
  return { scheme, address: egress(address), agent: agents[scheme], ...(scheme === 'https' ? { tls } : {}) };
}

async function pass(connection: Connection, backend: Backend, place: Place): Promise<void> {
  const { request, response, upgrade, path, search, audit, stopping } = connection;
  const asked = pathOf(request.url ?? '/');
  if (path === '' && upgrade === undefined && readingMethods.has(request.method ?? 'GET')) {
    // Relative links of the first page would lead beside it.
    response.writeHead(301, { Location: `${asked}/${search}`, 'Content-Length': 0 });
    response.end();
    return;
  }
  const host = request.headers.host ?? '';
  const headers = requestHeaders(request, upgrade !== undefined);
  headers.set('host', [host]);
  headers.set('x-forwarded-uri', [asked]);
  const outgoing = { method: request.method ?? 'GET', path: `${path || '/'}${search}`, headers };
  const root = { host, root: asked.slice(0, asked.length - path.length), there: place.address };
  const options = { stopping, started: (code: number) => audit?.started(code), rewriteLocation: (location: string) => rewriteRedirect(location, root) };
  try {
    await (upgrade ? tunnel(upgrade, response, backend, outgoing, options) : forward(request, response, backend, outgoing, options));
  } catch (error) {
    if (error instanceof BackendError) throw new StatusError('ServiceUnavailable', error.message, undefined, { cause: error });
    throw error;
  }
}

const readingMethods = new Set(['GET', 'HEAD']);

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;
