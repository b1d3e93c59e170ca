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
  await until(async () => (await first.request('GET', `${path}/resourcequotas/secrets`)).body?.status?.used?.['count/secrets'] === '0', 'the quota to be added up', 30_000);
  const ask = (resource: string, object: (i: number) => unknown): Promise<number[]> => Promise.all(Array.from({ length: asked }, async (_, i) => {
    const server = servers[i % servers.length] ?? first;
    return (await server.request('POST', `${path}/${resource}`, object(i))).code;
  }));
  const secret = (name: string): unknown => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name } });
  const codes = await ask('secrets', (i) => secret(`s${i}`));
  const odd = codes.filter((code) => ![201, 403, 503, 504, 0].includes(code));
  if (odd.length > 0) throw new Error(`Secrets beyond a quota were answered with ${odd.join(', ')}`);
  // What was charged and then not stored is given back after a while, and nothing else.
  let more = 0;
  await until(async () => {
    const made = await countOf(first, `${path}/secrets`);
    if (made > limit) throw new Error(`${made} secrets were made where a quota allows ${limit}`);
    const { code } = await first.request('POST', `${path}/secrets`, secret(`more${more++}`));
    return made === limit && code === 403;
  }, `all ${limit} secrets that a quota allows to be made`, 30_000);

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

async function countOf(server: HaServer, path: string): Promise<number> {
  const { code, body } = await server.request('GET', path);
  if (code !== 200) throw new Error(`${path} is answered with ${code}`);
  return (body as { items: readonly unknown[] }).items.length;
}
