import type { HaServer } from './server.ts';
import { until } from '#test/e2e/harness.ts';

const limit = 15;
const asked = 60;

interface ServiceList {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly spec: { readonly clusterIP: string; readonly ports: readonly { readonly nodePort: number }[] } }[];
}

/** What is to be given out only so often, asked of all servers at the same time: one quota, one node port, and as many addresses as there are services. */
export async function limitsHold(servers: readonly HaServer[], namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  const [first] = servers;
  if (first === undefined) throw new RangeError('there are no servers');
  await first.request('POST', `${path}/resourcequotas`, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'secrets' }, spec: { hard: { 'count/secrets': String(limit) } } });
  await until(async () => (await first.request('GET', `${path}/resourcequotas/secrets`)).body?.status?.used?.['count/secrets'] === '0', 'the quota to be added up');
  const ask = (resource: string, object: (i: number) => unknown): Promise<number[]> => Promise.all(Array.from({ length: asked }, async (_, i) => {
    const server = servers[i % servers.length] ?? first;
    return (await server.request('POST', `${path}/${resource}`, object(i))).code;
  }));
  const secrets = await ask('secrets', (i) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: `s${i}` } }));
  const made = secrets.filter((code) => code === 201).length;
  const others = secrets.filter((code) => code !== 201 && code !== 403 && code !== 503);
  if (made !== limit || others.length > 0) throw new Error(`of ${limit} secrets that a quota allows ${made} were made; other answers: ${others.join(', ')}`);

  const ports = (nodePort?: number) => [{ port: 80, ...(nodePort === undefined ? {} : { nodePort }) }];
  await ask('services', (i) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: `a${i}` }, spec: { type: 'NodePort', ports: ports() } }));
  // Everybody wants the same few.
  await ask('services', (i) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: `b${i}` }, spec: { type: 'NodePort', ports: ports(30_000 + (i >> 2)) } }));
  const { items } = (await first.request('GET', `${path}/services`)).body as ServiceList;
  if (items.length < asked) throw new Error(`only ${items.length} services could be made`);
  const given: readonly (readonly (string | number)[])[] = [items.map(({ spec }) => spec.clusterIP), items.flatMap(({ spec }) => spec.ports.map(({ nodePort }) => nodePort))];
  for (const values of given) {
    const twice = values.filter((value, i) => values.indexOf(value) !== i);
    if (twice.length > 0) throw new Error(`given to several services: ${twice.join(', ')}`);
  }
}
