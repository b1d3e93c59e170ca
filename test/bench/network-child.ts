import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { NetworkAttachment } from '#core/spi/network-plugin.ts';
import { BridgeNetwork } from '#plugins/network/bridge/bridge-network.ts';
import { CniServer } from '#plugins/network/bridge/cni-server.ts';
import { writeCniShim } from '#plugins/network/bridge/cni-shim.ts';
import { CniNetwork } from '#plugins/network/cni/cni-network.ts';
import { referencePlugins } from '#test/fixtures/namespaces.ts';
import { percentile } from './table.ts';

/** Measures networks in the network namespace in which this process was started; writes rows of the table as JSON. */
const [folder = '', prefix = '', ...names] = process.argv.slice(2);
const count = 40;
const wide = 4;
const never = new AbortController().signal;

interface Contender {
  readonly name: string;
  readonly ports?: boolean;
  add(attachment: Attachment): Promise<unknown>;
  del(attachment: Attachment): Promise<unknown>;
  /** Resolves when deleted links are gone. */
  settled?(): Promise<void>;
}

type Attachment = NetworkAttachment & { readonly netns: string };
let made = 0;

async function attachments(ports: boolean): Promise<Attachment[]> {
  const all: Attachment[] = [];
  for (let i = 0; i < count; i++) {
    const name = `${prefix}-pod${made++}`;
    await execa('ip', ['netns', 'add', name]);
    all.push({ containerId: name, ifName: 'eth0', netns: `/run/netns/${name}`, pod: { namespace: 'default', name, uid: name }, portMappings: ports ? [{ hostPort: 10_000 + i, containerPort: 80, protocol: 'tcp' }] : [] });
  }
  return all;
}

/** Each alone, or so many at once. Gives back milliseconds of each, and of all. */
async function timed(all: readonly Attachment[], width: number, call: (attachment: Attachment) => Promise<unknown>): Promise<{ readonly each: number[]; readonly whole: number }> {
  const each: number[] = [];
  const waiting = [...all];
  const begun = performance.now();
  await Promise.all(Array.from({ length: width }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const start = performance.now();
      await call(next);
      each.push(performance.now() - start);
    }
  }));
  return { each, whole: performance.now() - begun };
}

async function measure({ name, ports = false, add, del, settled }: Contender): Promise<(string | number)[]> {
  const [warm, ...rest] = await attachments(ports);
  if (warm === undefined) return [];
  const clean = async (): Promise<void> => {
    for (const { netns } of [warm, ...rest]) await execa('ip', ['netns', 'delete', netns.slice('/run/netns/'.length)], { reject: false });
  };
  await add(warm);
  await del(warm);
  await settled?.();
  const adds = await timed(rest, 1, add);
  const dels = await timed(rest, 1, del);
  const begun = performance.now();
  await settled?.();
  const cut = performance.now() - begun;
  const at4 = await timed(rest, wide, add);
  const del4 = await timed(rest, wide, del);
  await settled?.();
  await clean();
  return [name, percentile(adds.each, 0.5), percentile(adds.each, 0.9), percentile(dels.each, 0.5), percentile(dels.each, 0.5) + cut / rest.length, rest.length / (at4.whole / 1000), rest.length / (del4.whole / 1000)];
}

const ranges = (number: number): string[] => [`10.194.${number}.0/24`, `fd94:0:0:${number}::/64`];
const bridge = new BridgeNetwork({ stateDir: join(folder, 'bridge'), mode: 'none', cooldownMs: 0, detachAfterMs: 60_000 }, { clock: systemClock, log: silentLogger });
await bridge.configure({ nodeName: 'bench', podCidrs: ranges(1), clusterCidrs: ['10.194.0.0/16', 'fd94::/48'] }, never);
const socket = join(folder, 'cni.sock');
const server = new CniServer({ network: bridge, path: socket, log: silentLogger });
await server.start();
await writeCniShim(join(folder, 'keelson-cni'), socket);

const bridgeConfig = (number: number, extra: object = {}): object => ({
  cniVersion: '1.0.0', name: `reference${number}`, type: 'bridge', bridge: `ref${number}`, isGateway: true, hairpinMode: true,
  ipam: { type: 'host-local', dataDir: join(folder, 'ipam'), ranges: ranges(number).map((subnet) => [{ subnet }]), routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }] }, ...extra,
});

/** A plugin as a runtime runs it, in this process's namespace. */
const plugin = (path: string, config: object) => (command: 'ADD' | 'DEL') => async ({ containerId, netns, ifName }: Attachment): Promise<string> => {
  const env = { PATH: process.env['PATH'] ?? '', CNI_COMMAND: command, CNI_CONTAINERID: containerId, CNI_NETNS: netns, CNI_IFNAME: ifName, CNI_PATH: referencePlugins, CNI_ARGS: '' };
  return (await execa(path, [], { input: JSON.stringify(config), env, extendEnv: false })).stdout;
};

async function runner(number: number, portmap: boolean): Promise<CniNetwork> {
  const configDir = join(folder, `net.d${number}`);
  await mkdir(configDir);
  const plugins = [bridgeConfig(number), ...(portmap ? [{ type: 'portmap', capabilities: { portMappings: true } }] : [])];
  await writeFile(join(configDir, '10.conflist'), JSON.stringify({ cniVersion: '1.0.0', name: `reference${number}`, plugins }));
  return new CniNetwork({ stateDir: join(folder, `cni${number}`), configDir, pluginPaths: [referencePlugins] }, { clock: systemClock, log: silentLogger });
}

const [plain, mapped] = [await runner(3, false), await runner(4, true)];
const reference = plugin(`${referencePlugins}/bridge`, bridgeConfig(2));
const masquerading = plugin(`${referencePlugins}/bridge`, bridgeConfig(5, { ipMasq: true }));
const shim = plugin(join(folder, 'keelson-cni'), { cniVersion: '1.1.0', name: 'shim', type: 'keelson-cni' });
const inProcess = { add: (each: Attachment) => bridge.add(each, never), del: (each: Attachment) => bridge.del(each, never), settled: () => bridge.settled() };

const contenders: Record<string, Contender> = {
  bridge: { name: 'bridge, in this process (with masquerade)', ...inProcess },
  shim: { name: 'bridge, called by sh and curl', add: shim('ADD'), del: shim('DEL') },
  reference: { name: 'reference bridge + host-local', add: reference('ADD'), del: reference('DEL') },
  masquerade: { name: 'the same with ipMasq', add: masquerading('ADD'), del: masquerading('DEL') },
  runner: { name: 'the same by the cni plugin, without ipMasq', add: (each) => plain.add(each, never), del: (each) => plain.del(each, never) },
  ports: { name: 'bridge, one host port each', ports: true, ...inProcess },
  portmap: { name: 'reference with portmap by the cni plugin', ports: true, add: (each) => mapped.add(each, never), del: (each) => mapped.del(each, never) },
};

for (const name of names) {
  const contender = contenders[name];
  if (contender !== undefined) process.stdout.write(`${JSON.stringify(await measure(contender))}\n`);
}
await server.stop();
await bridge.close();
