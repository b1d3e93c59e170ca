import { silentLogger } from '#core/kernel/logger.ts';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';
import { IptablesProxy } from '#plugins/proxy/iptables/iptables-proxy.ts';
import { NetworkLab, networkLabNeeds } from '#test/fixtures/network-lab.ts';
import { ProxyWorld, proxyPort } from '#test/fixtures/proxy-ports.ts';
import { unmet } from '#test/fixtures/requires.ts';
import { flatChange, flatFirst } from './flat-rules.ts';
import { percentile, printTable } from './table.ts';

const sizes = [1000, 5000, 10_000] as const;
const changes = 7;
const connects = 400;
const serverPort = 8080;
const never = new AbortController().signal;

/** Rules in one node's tables, under one of the layouts. */
interface Layout {
  readonly name: string;
  first(world: ProxyWorld): Promise<void>;
  change(world: ProxyWorld, port: ProxyPort): Promise<void>;
}

const ours = ({ netns }: NetworkLab): Layout => {
  const proxy = new IptablesProxy({ logger: silentLogger, netns: `/run/netns/${netns}`, families: ['IPv4'] });
  return {
    name: 'keelson',
    first: async ({ state }) => void await proxy.sync(state, undefined, never),
    change: async ({ state }, { key }) => void await proxy.sync(state, new Set([key]), never),
  };
};

const flat = (lab: NetworkLab): Layout => {
  const [clusterCidr = ''] = lab.clusterCidrs;
  return {
    name: 'flat, as kube-proxy\'s',
    first: async ({ state }) => void await lab.run('iptables-restore', [], flatFirst(state.ports, clusterCidr)),
    change: async ({ state }, port) => void await lab.run('iptables-restore', ['--noflush'], flatChange(state.ports, port, clusterCidr)),
  };
};

/** Two endpoints on other nodes for each service, but for the last one, which is served by a pod here. */
function fill(world: ProxyWorld, lab: NetworkLab, services: number): ProxyPort {
  const last = proxyPort('last', `10.96.${services >> 8}.${services & 255}`, [{ address: lab.addresses.IPv4.one, port: serverPort, place: 'here' }]);
  for (let index = 0; index < services - 1; index++) world.put(service(index, 2));
  world.put(last);
  return last;
}

const service = (index: number, endpoints: number): ProxyPort =>
  proxyPort(`web${index}`, `10.96.${(index + 1) >> 8}.${(index + 1) & 255}`, Array.from({ length: endpoints }, (_, each): ProxyEndpoint =>
    ({ address: `10.${100 + (index >> 8)}.${index & 255}.${each + 1}`, port: serverPort, place: 'elsewhere' })));

async function measure(make: (lab: NetworkLab) => Layout, services: number): Promise<(string | number)[]> {
  const lab = await NetworkLab.make(['client', 'one']);
  try {
    await lab.peer('one').serve('tcp', lab.addresses.IPv4.one, serverPort, 'one');
    const layout = make(lab);
    const world = new ProxyWorld(lab);
    const last = fill(world, lab, services);
    const begun = performance.now();
    await layout.first(world);
    const first = performance.now() - begun;
    const times: number[] = [];
    for (let change = 0; change < changes; change++) {
      const port = service(services >> 1, 3 + (change % 2));
      world.put(port);
      const start = performance.now();
      await layout.change(world, port);
      times.push(performance.now() - start);
    }
    const toService = await connectTimes(lab, last.clusterIP, last.port);
    const rules = (await lab.run('iptables-save', ['-t', 'nat'])).split('\n').filter((line) => line.startsWith('-A')).length;
    return [`${services.toLocaleString('en')} services, ${layout.name}`, rules, first, percentile(times, 0.5), percentile(toService, 0.5), percentile(toService, 0.01)];
  } finally {
    await lab.remove();
  }
}

const connectTimes = async (lab: NetworkLab, host: string, port: number): Promise<number[]> =>
  JSON.parse(await lab.peer('client').order({ order: 'connects', protocol: 'tcp', host, port, count: connects })) as number[];

/** First sync and one-service sync by number of services, and the time of a connection to the last of them. */
export async function proxy(): Promise<void> {
  const missing = unmet(...networkLabNeeds);
  if (missing !== undefined) {
    process.stdout.write(`\nproxy: left out, it ${missing}\n`);
    return;
  }
  const rows: (string | number)[][] = [await bare()];
  for (const services of sizes) {
    for (const layout of [ours, flat]) rows.push(await measure(layout, services));
  }
  printTable('Service proxy on iptables, two endpoints a service, IPv4; connections from a pod to a pod of the same node, by the address of the last service',
    ['', 'rules', 'first sync ms', 'one service changed ms', 'connect p50 µs', 'p1 µs'], rows);
}

/** The way without any rules. */
async function bare(): Promise<(string | number)[]> {
  const lab = await NetworkLab.make(['client', 'one']);
  try {
    await lab.peer('one').serve('tcp', lab.addresses.IPv4.one, serverPort, 'one');
    const times = await connectTimes(lab, lab.addresses.IPv4.one, serverPort);
    return ['no rules, by the pod\'s address', 0, '', '', percentile(times, 0.5), percentile(times, 0.01)];
  } finally {
    await lab.remove();
  }
}
