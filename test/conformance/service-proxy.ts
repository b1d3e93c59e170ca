import { expect } from 'chai';
import type { IpFamily } from '#core/api/ip.ts';
import type { ProxyEndpoint, ProxyPort, ProxyState, ServiceProxy } from '#core/spi/service-proxy.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { ProxyWorld, proxyPort } from '#test/fixtures/proxy-ports.ts';

/** A node with a proxy to be tested, two servers, and a client that is none of them. */
export interface ServiceProxyBench {
  /** A proxy as a process has it that starts: nothing of another one's memory. */
  proxy(): ServiceProxy;
  readonly families: readonly IpFamily[];
  readonly network: Pick<ProxyState, 'serviceCidrs' | 'clusterCidrs'>;
  /** A cluster IP; another one for each number from 1 to 99. */
  clusterIP(family: IpFamily, number: number): string;
  /** Each serves TCP and UDP, and answers whatever it gets with its name. */
  readonly servers: Record<IpFamily, readonly [BenchServer, BenchServer]>;
  /** Where the client finds node ports. */
  readonly nodeAddress: Record<IpFamily, string>;
  /** A client's question: resolves to the name of the server that answers. Rejects when it is refused, or not answered in time. */
  ask(protocol: 'tcp' | 'udp', host: string, port: number, options?: { readonly conversation?: string; readonly timeoutMs?: number }): Promise<string>;
  cleanup(): Promise<void>;
}

export interface BenchServer {
  readonly name: string;
  readonly endpoint: ProxyEndpoint;
}

export interface ServiceProxyConformanceOptions {
  /** Cases, by their titles, that the proxy cannot keep, and why. A title that no case has is an error. */
  readonly skip?: readonly { readonly reason: string; readonly cases: readonly string[] }[];
  /** Skips the suite when the machine lacks something. */
  readonly requires?: (this: Mocha.Context) => void;
}

interface Given {
  readonly bench: ServiceProxyBench;
  readonly world: ProxyWorld;
  proxy: ServiceProxy;
}

type Law = (title: string, body: (given: Given) => Promise<void>) => void;

const never = new AbortController().signal;

/** Declares a mocha suite that holds a proxy to the laws of `core/spi/service-proxy.ts`. `make` is called once; what a case leaves is removed after it. */
export function serviceProxyConformance(name: string, make: () => Promise<ServiceProxyBench>, options: ServiceProxyConformanceOptions = {}): void {
  const skipped = new Map((options.skip ?? []).flatMap(({ reason, cases }) => cases.map((title) => [title, reason] as const)));

  describe(`${name} keeps the laws of a ServiceProxy`, function () {
    this.timeout(30_000);
    let bench: ServiceProxyBench | undefined;
    if (options.requires !== undefined) before(options.requires);
    before(async () => {
      bench = await make();
    });
    after(() => bench?.cleanup());

    const law: Law = (title, body) => {
      const reason = skipped.get(title);
      skipped.delete(title);
      if (reason === undefined) it(title, () => run(bench, body));
      else it.skip(`${title} (skipped: ${reason})`);
    };
    for (const cases of [forwardingCases, changeCases, lifeCases]) cases(law);
    if (skipped.size > 0) throw new Error(`no such cases to skip: ${[...skipped.keys()].join(', ')}`);
  });
}

async function run(bench: ServiceProxyBench | undefined, body: (given: Given) => Promise<void>): Promise<void> {
  if (bench === undefined) throw new Error('the bench was not made');
  const given = { bench, world: new ProxyWorld(bench.network), proxy: bench.proxy() };
  try {
    await body(given);
  } finally {
    await given.proxy.remove(never);
  }
}

const endpointsOf = ({ servers }: ServiceProxyBench, family: IpFamily): ProxyEndpoint[] => servers[family].map(({ endpoint }) => endpoint);

/** Asks until everybody who should answer has, and fails if somebody else does. */
async function expectAnswers(bench: ServiceProxyBench, protocol: 'tcp' | 'udp', host: string, port: number, names: readonly string[]): Promise<void> {
  const heard = new Set<string>();
  await eventually(async () => {
    const answer = await bench.ask(protocol, host, port);
    expect(names, `who answers at ${host}:${port}`).to.include(answer);
    return heard.add(answer).size === names.length;
  }, `answers of ${names.join(' and ')}`);
}

const refusal = (answer: Promise<string>): Promise<string> => answer.then((name) => `answered by ${name}`, (error: unknown) => (error instanceof Error ? error.message : String(error)));

function forwardingCases(law: Law): void {
  for (const protocol of ['TCP', 'UDP'] as const) {
    law(`sends ${protocol} to all endpoints, in every family`, async ({ bench, world, proxy }) => {
      const ports = bench.families.map((family, index) => proxyPort(`web${index}`, bench.clusterIP(family, 1), endpointsOf(bench, family), { protocol }));
      world.put(...ports);
      expect((await proxy.sync(world.state, undefined, never)).problems).to.eql([]);
      const lower = protocol === 'TCP' ? 'tcp' : 'udp';
      for (const { family, clusterIP } of ports) await expectAnswers(bench, lower, clusterIP, 80, bench.servers[family].map(({ name }) => name));
    });
  }

  law('serves node ports', async ({ bench, world, proxy }) => {
    const ports = (['TCP', 'UDP'] as const).map((protocol) => proxyPort('web', bench.clusterIP('IPv4', 2), endpointsOf(bench, 'IPv4'), { protocol, nodePort: 30_081 }));
    world.put(...ports);
    await proxy.sync(world.state, undefined, never);
    const names = bench.servers.IPv4.map(({ name }) => name);
    for (const protocol of ['tcp', 'udp'] as const) await expectAnswers(bench, protocol, bench.nodeAddress.IPv4, 30_081, names);
  });

  law('keeps a client with its endpoint when the service asks for it', async ({ bench, world, proxy }) => {
    world.put(proxyPort('sticky', bench.clusterIP('IPv4', 3), endpointsOf(bench, 'IPv4'), { affinitySeconds: 100 }));
    await proxy.sync(world.state, undefined, never);
    const answers = new Set<string>();
    for (let i = 0; i < 20; i++) answers.add(await bench.ask('tcp', bench.clusterIP('IPv4', 3), 80));
    expect(answers.size, 'endpoints that answered').to.equal(1);
  });

  law('refuses at once where nobody serves', async ({ bench, world, proxy }) => {
    world.put(proxyPort('empty', bench.clusterIP('IPv4', 4), []));
    await proxy.sync(world.state, undefined, never);
    expect(await refusal(bench.ask('tcp', bench.clusterIP('IPv4', 4), 80))).to.be.oneOf(['ECONNREFUSED', 'ECONNRESET']);
  });

  law('leaves out a port that cannot be, and says so, and serves the others', async ({ bench, world, proxy }) => {
    const wrong = proxyPort('wrong', bench.clusterIP('IPv4', 5), [{ address: '10.0.0.1 -j ACCEPT\n-A INPUT', port: 80, place: 'elsewhere' }]);
    const right = proxyPort('right', bench.clusterIP('IPv4', 6), endpointsOf(bench, 'IPv4'));
    world.put(wrong, right);
    const { problems } = await proxy.sync(world.state, undefined, never);
    expect(problems.map(({ port }) => port)).to.eql([wrong.key]);
    await bench.ask('tcp', right.clusterIP, 80);
  });
}

function changeCases(law: Law): void {
  law('follows endpoints that come and go', async ({ bench, world, proxy }) => {
    const [one, two] = bench.servers.IPv4;
    const clusterIP = bench.clusterIP('IPv4', 7);
    const changed = (...servers: readonly BenchServer[]) => world.put(proxyPort('web', clusterIP, servers.map(({ endpoint }) => endpoint)));
    changed(one);
    await proxy.sync(world.state, undefined, never);
    await expectAnswers(bench, 'tcp', clusterIP, 80, [one.name]);
    await proxy.sync(world.state, changed(one, two), never);
    await expectAnswers(bench, 'tcp', clusterIP, 80, [one.name, two.name]);
    await proxy.sync(world.state, changed(two), never);
    for (let i = 0; i < 6; i++) expect(await bench.ask('tcp', clusterIP, 80)).to.equal(two.name);
    await proxy.sync(world.state, changed(), never);
    expect(await refusal(bench.ask('tcp', clusterIP, 80))).to.be.oneOf(['ECONNREFUSED', 'ECONNRESET']);
    await proxy.sync(world.state, changed(one), never);
    await expectAnswers(bench, 'tcp', clusterIP, 80, [one.name]);
  });

  law('forgets services that are gone, and leaves their neighbours alone', async ({ bench, world, proxy }) => {
    const [gone, stays] = [8, 9].map((number) => proxyPort(`web${number}`, bench.clusterIP('IPv4', number), endpointsOf(bench, 'IPv4'))) as [ProxyPort, ProxyPort];
    world.put(gone, stays);
    await proxy.sync(world.state, undefined, never);
    await bench.ask('tcp', gone.clusterIP, 80);
    await proxy.sync(world.state, world.delete(gone), never);
    expect(await refusal(bench.ask('tcp', gone.clusterIP, 80, { timeoutMs: 300 }))).to.match(/^E/);
    await bench.ask('tcp', stays.clusterIP, 80);
  });

  law('moves UDP clients on within a second when their endpoint is gone', async ({ bench, world, proxy }) => {
    const clusterIP = bench.clusterIP('IPv4', 10);
    const changed = (endpoints: readonly ProxyEndpoint[]) => world.put(proxyPort('names', clusterIP, endpoints, { protocol: 'UDP' }));
    changed(endpointsOf(bench, 'IPv4'));
    await proxy.sync(world.state, undefined, never);
    const before = await bench.ask('udp', clusterIP, 80, { conversation: 'kit-gone' });
    const left = bench.servers.IPv4.find(({ name }) => name !== before);
    await proxy.sync(world.state, changed(left === undefined ? [] : [left.endpoint]), never);
    await eventually(async () => (await bench.ask('udp', clusterIP, 80, { conversation: 'kit-gone', timeoutMs: 200 }).catch(() => '')) === left?.name, 'the other server', 1000);
  });

  law('keeps established connections while everything around them changes', async ({ bench, world, proxy }) => {
    const port = proxyPort('web', bench.clusterIP('IPv4', 11), endpointsOf(bench, 'IPv4'));
    world.put(port);
    await proxy.sync(world.state, undefined, never);
    const talk = () => bench.ask('tcp', port.clusterIP, 80, { conversation: 'kit-kept' });
    const server = await talk();
    await proxy.sync(world.state, new Set(), never);
    await proxy.sync(world.state, undefined, never);
    expect(await talk()).to.equal(server);
    await proxy.sync(world.state, world.put(proxyPort('other', bench.clusterIP('IPv4', 12), endpointsOf(bench, 'IPv4'))), never);
    expect(await talk()).to.equal(server);
  });
}

function lifeCases(law: Law): void {
  law('is idempotent: a state twice needs no repair', async ({ bench, world, proxy }) => {
    world.put(...bench.families.flatMap((family) => [
      proxyPort('web', bench.clusterIP(family, 13), endpointsOf(bench, family), { nodePort: 30_082, affinitySeconds: 60 }),
      proxyPort('empty', bench.clusterIP(family, 14), []),
    ]));
    for (let round = 0; round < 3; round++) expect(await proxy.sync(world.state, undefined, never), `round ${round}`).to.eql({ problems: [], repaired: 0 });
  });

  law('goes on after a restart of its process', async (given) => {
    const { bench, world } = given;
    const port = proxyPort('web', bench.clusterIP('IPv4', 15), endpointsOf(bench, 'IPv4'));
    const gone = proxyPort('gone', bench.clusterIP('IPv4', 16), endpointsOf(bench, 'IPv4'));
    world.put(port, gone);
    await given.proxy.sync(world.state, undefined, never);
    const talk = () => bench.ask('tcp', port.clusterIP, 80, { conversation: 'kit-restart' });
    const server = await talk();
    world.delete(gone);
    given.proxy = bench.proxy();
    await given.proxy.sync(world.state, undefined, never);
    expect(await talk()).to.equal(server);
    await bench.ask('tcp', port.clusterIP, 80);
    expect(await refusal(bench.ask('tcp', gone.clusterIP, 80, { timeoutMs: 300 }))).to.match(/^E/);
  });

  law('removes everything, as often as one likes', async ({ bench, world, proxy }) => {
    const port = proxyPort('web', bench.clusterIP('IPv4', 17), endpointsOf(bench, 'IPv4'));
    world.put(port);
    await proxy.sync(world.state, undefined, never);
    for (let round = 0; round < 2; round++) await proxy.remove(never);
    expect(await refusal(bench.ask('tcp', port.clusterIP, 80, { timeoutMs: 300 }))).to.match(/^E/);
    await proxy.sync(world.state, undefined, never);
    await bench.ask('tcp', port.clusterIP, 80);
  });

  law('says that it works', ({ proxy }) => proxy.status(never));

  law('ends a call when its signal does', async ({ bench, world, proxy }) => {
    world.put(proxyPort('web', bench.clusterIP('IPv4', 18), endpointsOf(bench, 'IPv4')));
    const reason = new Error('enough');
    const failure = await proxy.sync(world.state, undefined, AbortSignal.abort(reason)).then(() => undefined, (error: unknown) => error);
    expect(failure).to.equal(reason);
    await proxy.sync(world.state, undefined, never);
    await bench.ask('tcp', bench.clusterIP('IPv4', 18), 80);
  });
}
