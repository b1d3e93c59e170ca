import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { containers, makeBusyboxImage } from '#test/fixtures/busybox-image.ts';
import { machineNames } from '#providers/local/machines/naming.ts';
import { program, requires, root as asRoot } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';
import { oldestAndNewest, type Kubectl } from './kubectl.ts';
import { containersOf, traces } from './node-traces.ts';

const nodes = ['node-1', 'node-2', 'node-3'];
const nodePort = 30_080;
/** Where pods with `hostNetwork` listen. */
const hostPort = 18_080;
/** Answers with its name and who asked. */
const script = 'mkdir -p /www/cgi-bin; printf \'#!/bin/sh\\necho Content-type: text/plain; echo; echo "$(hostname) $REMOTE_ADDR"\\n\' > /www/cgi-bin/who; chmod +x /www/cgi-bin/who; exec httpd -f -p 8080 -h /www';
const container = (image: string) => ({ name: 'web', image, command: ['sh', '-c', script], ports: [{ containerPort: 8080 }], readinessProbe: { httpGet: { port: 8080, path: '/cgi-bin/who' }, periodSeconds: 1 } });
/** `[::ffff:10.0.0.1]` is how httpd writes it. */
const plain = (answer: string): string => answer.trim().replaceAll(/\[(?:::ffff:)?|\]/g, '');

describe('three nodes on this computer', function () {
  this.timeout(240_000);
  let sandbox: Sandbox;
  let keelson: Running;
  let kubectl: Kubectl;
  let image: string;
  let before_: Awaited<ReturnType<typeof traces>>;
  const ips = new Map<string, string>();
  const addresses = new Map<string, string>();

  before(requires(asRoot, ...containers, program('kubectl', 'kubernetes-client'), program('iptables', 'iptables'), program('conntrack', 'conntrack'), program('ip', 'iproute2'), program('nsenter', 'util-linux'), program('sysctl', 'procps')));
  before(async () => {
    image = await makeBusyboxImage();
    before_ = await traces();
    sandbox = await Sandbox.make();
    const config = join(sandbox.dir, 'providers.yaml');
    await writeFile(config, 'local:\n  loadBalancerPool: [10.99.64.0/29]\n');
    keelson = await sandbox.up(['--nodes', '3', '--provider-config', config]);
    const [newest] = (await oldestAndNewest()).slice(-1);
    kubectl = keelson.kubectl(newest!);
    await until(async () => (await kubectl.run('get', 'nodes')).match(/ Ready /g)?.length === 3, 'three nodes to be Ready', 60_000);
    for (const name of nodes) addresses.set(name, await kubectl.run('get', 'node', name, '-o', 'jsonpath={.status.addresses[0].address}'));
  });
  after(async () => {
    await keelson?.kill();
    if (sandbox) await sandbox.keelson(['down', '--data-dir', sandbox.dataDir], { timeout: 60_000 });
    await sandbox?.remove();
  });

  const namespaceOf = (node: string): string => machineNames(`${sandbox.dataDir}/local/volumes`).namespace(node);
  const onNode = (node: string, ...command: readonly string[]) => execa('nsenter', [`--net=/run/netns/${namespaceOf(node)}`, ...command], { reject: false, timeout: 10_000 });
  const request = `printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | nc -w 3`;
  const fromPod = async (pod: string, host: string, port = 8080): Promise<string> => plain((await kubectl.run('exec', pod, '--', 'sh', '-c', `${request} ${host} ${port} | tail -n 1`)));
  const fromNode = async (node: string, host: string, port: number): Promise<string> => plain((await onNode(node, 'busybox', 'sh', '-c', `${request.replace('nc', 'busybox nc')} ${host} ${port} | tail -n 1`)).stdout);

  const fromHere = async (host: string, port = nodePort): Promise<string> => plain((await execa('busybox', ['sh', '-c', `${request.replace('nc', 'busybox nc')} ${host} ${port} | tail -n 1`], { reject: false, timeout: 10_000 })).stdout);

  it('run pods that share a volume of this computer', async () => {
    await kubectl.apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'shared' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } } } });
    for (const [index, nodeName] of nodes.entries()) {
      await kubectl.apply({
        apiVersion: 'v1', kind: 'Pod', metadata: { name: `web-${index + 1}`, labels: { app: 'web' } },
        spec: {
          nodeName, terminationGracePeriodSeconds: 0, containers: [{ ...container(image), volumeMounts: [{ name: 'shared', mountPath: '/shared' }] }], volumes: [{ name: 'shared', persistentVolumeClaim: { claimName: 'shared' } }],
        },
      });
    }
    await kubectl.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080, nodePort }] } });
    await until(async () => (await kubectl.run('get', 'pods', '-l', 'app=web')).match(/ 1\/1 /g)?.length === 3, 'the pods to be ready', 60_000);
    for (const pod of ['web-1', 'web-2', 'web-3']) ips.set(pod, await kubectl.run('get', 'pod', pod, '-o', 'jsonpath={.status.podIP}'));
    await kubectl.run('exec', 'web-1', '--', 'sh', '-c', 'echo from web-1 > /shared/note; sync');
    expect(await kubectl.run('exec', 'web-3', '--', 'cat', '/shared/note')).to.equal('from web-1');
  });

  it('let every pod reach every pod, with its own address', async () => {
    for (const [from, ip] of ips) for (const [to, host] of ips) expect(await fromPod(from, host), `${from} to ${to}`).to.equal(`${to} ${ip}`);
  });

  it('forward a service by its address, its name and its node port, from every pod and every node', async () => {
    const clusterIP = await kubectl.run('get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}');
    const heard = new Set<string>();
    for (const [from, ip] of ips) {
      for (const host of [clusterIP, 'web', 'web.default.svc.cluster.local']) {
        const [who = '', source] = (await fromPod(from, host, 80)).split(' ');
        heard.add(who);
        // A pod that meets itself sees its node.
        if (who !== from) expect(source, `${from} to ${who} by ${host}`).to.equal(ip);
      }
      for (const [node, address] of addresses) expect(await fromPod(from, address, nodePort), `${from} to ${node}'s port`).to.match(/^web-[123] /);
    }
    for (const node of nodes) {
      expect(await fromNode(node, clusterIP, 80), `${node} to the service`).to.match(/^web-[123] /);
      for (const address of addresses.values()) expect(await fromNode(node, address, nodePort), `${node} to a port`).to.match(/^web-[123] /);
      const { stdout } = await onNode(node, 'busybox', 'nslookup', 'web.default.svc.cluster.local', '10.96.0.10');
      expect(stdout, `${node} asks for the name`).to.include(clusterIP);
    }
    for (const address of addresses.values()) expect(await fromHere(address), 'this computer to a port').to.match(/^web-[123] /);
    expect(heard.size, 'pods that answered').to.be.greaterThan(1);
  });

  it('keep the client\'s address where the service says so', async () => {
    await kubectl.run('patch', 'service', 'web', '-p', '{"spec":{"externalTrafficPolicy":"Local"}}');
    const computer = (addresses.get('node-2') ?? '').replace(/\d+$/, '1');
    await until(async () => (await fromHere(addresses.get('node-2') ?? '')) === `web-2 ${computer}`, 'the node\'s own pod to see the client');
  });

  it('get traffic from load balancers, of which each has an address of the pool until its service goes', async () => {
    for (const externalTrafficPolicy of ['Cluster', 'Local']) {
      await kubectl.apply({
        apiVersion: 'v1', kind: 'Service', metadata: { name: `balanced-${externalTrafficPolicy.toLowerCase()}` },
        spec: { type: 'LoadBalancer', externalTrafficPolicy, selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
      });
    }
    const addressOf = async (name: string): Promise<string> => kubectl.run('get', 'service', `balanced-${name}`, '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}');
    await until(async () => (await addressOf('cluster')) !== '' && (await addressOf('local')) !== '', 'both to have an address', 20_000);
    expect(new Set([await addressOf('cluster'), await addressOf('local')])).to.deep.equal(new Set(['10.99.64.1', '10.99.64.2']));
    for (const name of ['cluster', 'local']) {
      const address = await addressOf(name);
      const heard = new Set<string>();
      await until(async () => {
        heard.add((await fromHere(address, 80)).split(' ')[0] ?? '');
        return ['web-1', 'web-2', 'web-3'].every((pod) => heard.has(pod));
      }, `all pods to answer at ${address}`, 30_000);
      expect(await fromPod('web-1', address, 80), 'a pod to the load balancer').to.match(/^web-[123] /);
    }
    expect((await execa('ip', ['-brief', 'address', 'show', 'dev', 'lo'])).stdout).to.include('10.99.64.1/32').and.to.include('10.99.64.2/32');
    const gone = await addressOf('cluster');
    await kubectl.run('delete', 'service', 'balanced-cluster');
    expect((await execa('ip', ['-brief', 'address', 'show', 'dev', 'lo'])).stdout).not.to.include(`${gone}/32`);
  });

  it('run pods with hostNetwork in their own networks, and not in that of the computer', async () => {
    for (const nodeName of ['node-1', 'node-2']) {
      await kubectl.apply({
        apiVersion: 'v1', kind: 'Pod', metadata: { name: `host-${nodeName}`, labels: { app: 'host' } },
        spec: {
          nodeName, hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet', terminationGracePeriodSeconds: 0,
          containers: [{ ...container(image), command: ['sh', '-c', script.replace('8080', String(hostPort))], ports: [{ containerPort: hostPort }], readinessProbe: { httpGet: { port: hostPort, path: '/cgi-bin/who' }, periodSeconds: 1 } }],
        },
      });
    }
    await kubectl.run('wait', '--for=condition=Ready', 'pod/host-node-1', 'pod/host-node-2', '--timeout=60s');
    const [one = '', two = ''] = addresses.values();
    expect(await kubectl.run('get', 'pods', '-l', 'app=host', '-o', 'jsonpath={range .items[*]}{.status.hostIP} {.status.podIP} {end}')).to.equal(`${one} ${one} ${two} ${two} `);
    expect(await kubectl.run('get', 'pod', 'host-node-1', '-o', 'wide')).to.contain(one);
    for (const [node, address] of [['node-1', one], ['node-2', two]] as const) {
      for (const from of ['web-1', 'web-3', 'host-node-1']) expect(await fromPod(from, address, hostPort), `${from} to ${node}`).to.match(new RegExp(`^${node} `));
      for (const from of nodes) expect(await fromNode(from, address, hostPort), `${from} to ${node}`).to.equal(`${node} ${addresses.get(from)}`);
    }
    expect((await execa('cat', ['/proc/net/tcp', '/proc/net/tcp6'])).stdout, 'ports of this computer').not.to.contain(`:${hostPort.toString(16).toUpperCase()} `);
    expect(await fromPod('host-node-2', ips.get('web-1') ?? ''), 'a pod by its address').to.match(/^web-1 /);
  });

  it('forward services to such pods, from their own node too', async () => {
    await kubectl.apply({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'host' }, spec: { type: 'NodePort', selector: { app: 'host' }, ports: [{ port: 80, targetPort: hostPort, nodePort: nodePort + 1 }] } });
    await until(async () => (await Promise.all(nodes.map((node) => fromNode(node, addresses.get(node) ?? '', nodePort + 1)))).every((answer) => answer.startsWith('node-')), 'all nodes to forward', 20_000);
    const heard = new Set<string>();
    for (const from of ['host-node-1', 'host-node-2', 'web-1', 'web-3', 'host-node-1', 'host-node-2']) {
      const [who = '', source = ''] = (await fromPod(from, 'host', 80)).split(' ');
      heard.add(who);
      // Also when the node has reached itself.
      if (from.startsWith('host-')) expect(source, `${from} to ${who}`).to.equal(addresses.get(from.slice('host-'.length)));
      for (const [node, address] of addresses) expect(await fromPod(from, address, nodePort + 1), `${from} to ${node}'s port`).to.match(/^node-[12] /);
    }
    expect([...heard], 'pods that answered').to.have.members(['node-1', 'node-2']);
  });

  it('keep such a pod while its agent is killed, and make it anew in the same network when its containers are', async () => {
    const folder = `${sandbox.dataDir}/machines/node-1`;
    const agents = async (): Promise<number[]> => (await execa('pgrep', ['-f', `node-name node-1 --data-dir ${folder}`], { reject: false })).stdout.split('\n').filter((line) => line !== '').map(Number);
    const stateOf = async (): Promise<string> => kubectl.run('get', 'pod', 'host-node-1', '-o', 'jsonpath={.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready} {.status.containerStatuses[0].containerID}');
    const before = await stateOf();
    const [agent = 0, ...more] = await agents();
    expect([agent > 0, more]).to.deep.equal([true, []]);
    process.kill(agent, 'SIGKILL');
    await until(async () => (await agents()).some((pid) => pid !== agent) && (await kubectl.run('logs', 'host-node-1').then(() => true, () => false)), 'another agent', 30_000);
    expect(await stateOf()).to.equal(before);

    const containers = (await containersOf(folder)).filter((name) => name.includes('host-node-1'));
    expect(containers).to.have.length(2);
    await execa('docker', ['kill', ...containers]);
    await until(async () => (await stateOf()).startsWith('1 true '), 'the pod to be made anew', 60_000);
    expect(await fromPod('web-3', addresses.get('node-1') ?? '', hostPort)).to.match(/^node-1 /);
  });

  it('lose a node, whose pods come back elsewhere, and take it back', async () => {
    const toleration = (key: string) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 });
    await kubectl.apply({
      apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'steady' },
      spec: {
        replicas: 3, selector: { matchLabels: { app: 'steady' } },
        template: {
          metadata: { labels: { app: 'steady' } },
          spec: {
            terminationGracePeriodSeconds: 0, tolerations: [toleration('node.kubernetes.io/unreachable'), toleration('node.kubernetes.io/not-ready')],
            topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: 'steady' } } }],
            containers: [container(image)],
          },
        },
      },
    });
    const placed = async (): Promise<string[]> => (await kubectl.run('get', 'pods', '-l', 'app=steady', '--field-selector=status.phase=Running', '-o', 'jsonpath={range .items[?(@.status.containerStatuses[0].ready==true)]}{.spec.nodeName}{"\\n"}{end}')).split('\n').filter((name) => name !== '').toSorted();
    await until(async () => (await placed()).join(' ') === nodes.join(' '), 'a pod on each node', 60_000);

    await onNode('node-2', 'ip', 'link', 'set', 'eth0', 'down');
    await until(async () => (await kubectl.run('get', 'node', 'node-2')).includes(' NotReady '), 'the node to be missed', 90_000);
    await until(async () => {
      const left = (await placed()).filter((name) => name !== 'node-2');
      return left.length === 3;
    }, 'its pods to come back elsewhere', 60_000);

    await onNode('node-2', 'ip', 'link', 'set', 'eth0', 'up');
    await onNode('node-2', 'ip', 'route', 'replace', 'default', 'via', (addresses.get('node-2') ?? '').replace(/\d+$/, '1'));
    await until(async () => (await kubectl.run('get', 'node', 'node-2')).includes(' Ready '), 'the node to be back', 60_000);
    await until(async () => {
      const pods = (await kubectl.run('get', 'pods', '-l', 'app=steady', '-o', 'name')).split('\n').length;
      return pods === 3 && (await containersOf(`${sandbox.dataDir}/machines/node-2`)).filter((name) => name.includes('steady')).length === 0;
    }, 'what the node had run meanwhile to go', 60_000);
  });

  it('leave nothing behind after keelson down', async () => {
    await keelson.stop();
    const { exitCode, stdout, stderr } = await sandbox.keelson(['down', '--data-dir', sandbox.dataDir], { timeout: 90_000 });
    expect([exitCode, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(/^Removed what 3 nodes had here: \d+ pods, 3 machines\./);
    expect(await containersOf(sandbox.dataDir)).to.deep.equal([]);
    expect(await traces()).to.deep.equal(before_);
  });
});
