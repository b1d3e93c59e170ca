import { expect } from 'chai';
import type { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import type { Container } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import { environment } from './env.ts';
import { expand } from './expand.ts';
import { fieldValue } from './field-ref.ts';
import { containerDevices, containerMounts } from './mounts.ts';
import { resourceValue } from './resource-field.ts';
import { containerResources } from './resources.ts';
import { containerSecurity } from './security.ts';
import { serviceEnv } from './service-env.ts';

const main: Container = { name: 'main', image: 'busybox:1', resources: {} };
const podOf = (spec: Partial<Pod['spec']> = {}, qosClass = 'Burstable'): Pod => ({
  apiVersion: 'v1', kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '1', creationTimestamp: '', labels: { app: 'web' }},
  spec: { containers: [main], nodeName: 'n1', ...spec }, status: { qosClass },
});
const image = { id: 'i', tags: [], digests: [], size: 1 };

describe('Expansion of variables', () => {
  const lookup = (name: string) => ({ A: '1', B: '$(A)' })[name];
  for (const [text, expected] of [
    ['plain', 'plain'], ['$(A)-$(B)', '1-$(A)'], ['$$(A)', '$(A)'], ['$$$(A)', '$1'], ['$(C)', '$(C)'], ['$(A', '$(A'], ['$A $', '$A $'], ['$()', '$()'], ['$$', '$'],
  ] as const) {
    it(`makes ${expected} of ${text}`, () => expect(expand(text, lookup)).to.equal(expected));
  }

  it('takes linear time', () => {
    const began = performance.now();
    expand('$('.repeat(500_000), lookup);
    expand(`${'$('.repeat(200_000)})`, () => undefined);
    expect(performance.now() - began).to.be.below(1000);
  });
});

describe('The environment of a container', () => {
  const map = { data: { one: '1', 'a=b': 'x' } } as unknown as ConfigMap;
  const secret = { data: { key: Buffer.from('hidden').toString('base64') } } as unknown as Secret;
  const sources = {
    configMap: (name: string) => Promise.resolve(name === 'map' ? map : undefined),
    secret: (name: string) => Promise.resolve(name === 'secret' ? secret : undefined),
  };
  const build = (container: Partial<Container>, skipped?: (keys: readonly string[], from: string) => void) => environment({
    pod: podOf(), container: { ...main, ...container }, sources, services: new Map([['KUBERNETES_SERVICE_HOST', '10.96.0.1']]), addresses: { podIPs: ['10.1.1.1', 'fd00::1'], hostIPs: ['192.168.0.1'] },
    allocatable: { cpu: '4', memory: '1Gi' }, ...(skipped ? { skipped } : {}),
  }).then((env) => Object.fromEntries(env));
  const failure = (container: Partial<Container>) => build(container).then(() => '', (error: Error) => error.message);

  it('comes from everywhere, later ones winning', async () => {
    const skipped: unknown[] = [];
    expect(await build({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'map' } }, { secretRef: { name: 'secret' } }, { configMapRef: { name: 'none', optional: true } }],
      env: [
        { name: 'X', value: '$(P_one) $(KUBERNETES_SERVICE_HOST) $(LATER)' }, { name: 'key', value: 'own' }, { name: 'IPS', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIPs' } } },
        { name: 'M', valueFrom: { configMapKeyRef: { name: 'map', key: 'one' } } }, { name: 'S', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } }, { name: 'NO', valueFrom: { configMapKeyRef: { name: 'map', key: 'none', optional: true } } },
        { name: 'LATER', value: '2' },
      ],
    }, (keys, from) => skipped.push(keys, from))).to.deep.equal({
      P_one: '1', key: 'own', X: '1 10.96.0.1 $(LATER)', IPS: '10.1.1.1,fd00::1', M: '1', S: 'hidden', CPU: '4000', LATER: '2', KUBERNETES_SERVICE_HOST: '10.96.0.1',
    });
    expect(skipped).to.deep.equal([['P_a=b'], 'the EnvFrom configMap shop/map']);
  });

  it('says what is missing', async () => {
    expect(await failure({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }] })).to.equal('configmap "none" not found');
    expect(await failure({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'map', key: 'toString' } } }] })).to.equal("couldn't find key toString in ConfigMap shop/map");
    expect(await failure({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'secret', key: 'k' } } }] })).to.equal("couldn't find key k in Secret shop/secret");
    expect(await failure({ env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }] })).to.equal('environment variables from files are not supported by this node: p');
    expect(await failure({ envFrom: [{ secretRef: { name: 'none' } }] })).to.equal('secret "none" not found');
    expect(await failure({ env: [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.no' } } }] })).to.equal('env A: unsupported fieldPath: spec.no');
  });

  it('knows fields and resources', () => {
    const facts = { podIPs: [], hostIPs: ['192.168.0.1'] };
    expect(fieldValue(podOf(), "metadata.labels['app']", facts)).to.equal('web');
    expect(fieldValue(podOf(), "metadata.annotations['toString']", facts)).to.equal('');
    expect(fieldValue(podOf(), 'status.hostIP', facts)).to.equal('192.168.0.1');
    const container = { resources: { requests: { cpu: '150m', memory: '1Mi' } } };
    expect(resourceValue({ resource: 'requests.cpu', divisor: '0' }, container, {})).to.equal('1');
    expect(resourceValue({ resource: 'requests.memory', divisor: '1Ki' }, container, {})).to.equal('1024');
    expect(resourceValue({ resource: 'limits.memory', divisor: '0' }, container, { memory: '2Gi' })).to.equal(String(2 ** 31));
    expect(resourceValue({ resource: 'requests.ephemeral-storage', divisor: '0' }, container, {})).to.equal('0');
  });

  it('names services as Docker\'s links did', () => {
    const service = (namespace: string, name: string, clusterIP: string): Service => ({ metadata: { namespace, name }, spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ name: 'web', port: 80, protocol: 'TCP' }, { name: 'dns', port: 53, protocol: 'UDP' }] } }) as unknown as Service;
    const services = [service('shop', 'my-db', '10.96.0.5'), service('other', 'x', '10.96.0.6'), service('shop', 'headless', 'None'), service('default', 'kubernetes', '10.96.0.1')];
    const env = Object.fromEntries(serviceEnv(services, 'shop', true));
    expect(env).to.include({
      MY_DB_SERVICE_HOST: '10.96.0.5', MY_DB_SERVICE_PORT: '80', MY_DB_SERVICE_PORT_WEB: '80', MY_DB_PORT: 'tcp://10.96.0.5:80', MY_DB_PORT_80_TCP: 'tcp://10.96.0.5:80', MY_DB_PORT_80_TCP_ADDR: '10.96.0.5',
      MY_DB_PORT_53_UDP_PROTO: 'udp', KUBERNETES_SERVICE_HOST: '10.96.0.1',
    });
    expect(Object.keys(env).some((name) => name.startsWith('X_') || name.startsWith('HEADLESS'))).to.equal(false);
    expect(Object.keys(Object.fromEntries(serviceEnv(services, 'shop', false))).every((name) => name.startsWith('KUBERNETES_'))).to.equal(true);
  });
});

describe('The limits of a container', () => {
  const resources = (given: Container['resources'], qos?: string, spec?: Partial<Pod['spec']>) => containerResources(podOf(spec, qos), { ...main, resources: given }, 8 * 2 ** 30);

  it('follow what it asks for', () => {
    expect(resources({ requests: { cpu: '250m', memory: '2Gi' }, limits: { cpu: '1500m', memory: '4Gi' } })).to.deep.equal({ cpuShares: 256, cpuPeriod: 100_000, cpuQuota: 150_000, memoryLimit: 4 * 2 ** 30, oomScoreAdj: 750 });
    expect(resources({}, 'BestEffort')).to.deep.equal({ cpuShares: 2, oomScoreAdj: 1000 });
    expect(resources({ limits: { cpu: '1m', memory: '1' } }, 'Guaranteed')).to.include({ cpuShares: 2, cpuQuota: 1000, oomScoreAdj: -997 });
    expect(resources({ requests: { cpu: '1' } }).oomScoreAdj).to.equal(999);
    expect(resources({ requests: { memory: '8Gi' } }).oomScoreAdj).to.equal(3);
    expect(resources({}, 'BestEffort', { priority: 2_000_001_000 }).oomScoreAdj).to.equal(-997);
    expect(resources({ requests: { cpu: '9000' } }).cpuShares).to.equal(262_144);
    expect(resources({}, 'Burstable', { resources: { limits: { cpu: '1', memory: '1Ki' } } })).to.deep.equal({ cpuShares: 2, cpuPeriod: 100_000, cpuQuota: 100_000, memoryLimit: 1024, oomScoreAdj: 999 });
  });
});

describe('The privileges of a container', () => {
  const security = (container: Container['securityContext'], pod: Pod['spec']['securityContext'] = {}, user?: string) =>
    containerSecurity(podOf({ securityContext: pod }), { ...main, securityContext: container }, { ...image, ...(user === undefined ? {} : { user }) });
  const refusal = (...args: Parameters<typeof security>): string => {
    try {
      security(...args);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('are its own where it says something, else the pod\'s', () => {
    expect(security({ runAsUser: 7 }, { runAsUser: 5, runAsGroup: 6, fsGroup: 9, supplementalGroups: [9, 10] })).to.deep.include({ user: '7:6', supplementalGroups: [9, 10] });
    expect(security({}, {}).user).to.equal(undefined);
    expect(security({}, { runAsGroup: 3 }, '1000:1000').user).to.equal('1000:3');
    expect(security({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } })).to.deep.include({
      noNewPrivileges: true, readOnlyRootFilesystem: true, capabilities: { add: [], drop: ['ALL'] }, seccomp: 'runtime/default',
    });
    expect(security({ procMount: 'Unmasked' }).maskedPaths).to.deep.equal([]);
    expect(security({ privileged: true, seccompProfile: { type: 'RuntimeDefault' } })).to.include({ privileged: true, seccomp: 'unconfined' });
    expect(security({ seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' } }).seccomp).to.equal('localhost/a.json');
  });

  it('do not include root where that is forbidden', () => {
    const where = '(pod: "web_shop(u1)", container: main)';
    expect(refusal({ runAsNonRoot: true })).to.equal(`container has runAsNonRoot and image will run as root ${where}`);
    expect(refusal({ runAsNonRoot: true }, {}, '00')).to.equal(`container has runAsNonRoot and image will run as root ${where}`);
    expect(refusal({}, { runAsNonRoot: true }, 'nginx')).to.equal(`container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root ${where}`);
    expect(refusal({ runAsNonRoot: true, runAsUser: 0 })).to.equal(`container's runAsUser breaks non-root policy ${where}`);
    expect(refusal({ runAsNonRoot: true }, {}, '1000:0')).to.equal('');
    expect(refusal({ runAsNonRoot: false }, { runAsNonRoot: true })).to.equal('');
  });
});

describe('The mounts of a container', () => {
  const volume = (more: Partial<PreparedVolume> = {}): PreparedVolume => ({ hostPath: '/v', kind: 'filesystem', readOnly: false, ...more });
  const mounts = (container: Partial<Container>, volumes: [string, PreparedVolume][] = [['v', volume()]]) => containerMounts({ ...main, ...container }, {
    volumes: new Map(volumes), files: { hosts: '/h', resolvConf: '/r', terminationMessage: '/t' }, lookup: (name) => ({ POD: 'p' })[name],
    fixSubPath: ({ hostPath, path, index }) => (path.startsWith('..') ? Promise.reject(new Error('it leads out')) : Promise.resolve(`${hostPath}#${index}/${path}`)),
  });
  const failure = (...args: Parameters<typeof mounts>) => mounts(...args).then(() => '', (error: Error) => error.message);

  it('are its volumes and the pod\'s own files', async () => {
    expect(await mounts({ terminationMessagePath: '/dev/termination-log', volumeMounts: [{ name: 'v', mountPath: 'data', subPathExpr: '$(POD)/x', readOnly: true, mountPropagation: 'HostToContainer' }, { name: 'v', mountPath: '/etc/hosts' }] })).to.deep.equal([
      { hostPath: '/v#0/p/x', containerPath: '/data', readOnly: true, propagation: 'rslave' }, { hostPath: '/v', containerPath: '/etc/hosts', readOnly: false, propagation: 'private' },
      { hostPath: '/r', containerPath: '/etc/resolv.conf', readOnly: false }, { hostPath: '/t', containerPath: '/dev/termination-log', readOnly: false },
    ]);
    expect((await mounts({ volumeMounts: [{ name: 'v', mountPath: '/d' }] }, [['v', volume({ readOnly: true })]]))[0]?.readOnly).to.equal(true);
  });

  it('say what is wrong', async () => {
    expect(await failure({ volumeMounts: [{ name: 'no', mountPath: '/d' }] })).to.equal('cannot find volume "no" to mount into container "main"');
    expect(await failure({ volumeMounts: [{ name: 'v', mountPath: '/d', subPath: '../x' }] })).to.equal('failed to create subPath directory for volumeMount "v" of container "main": it leads out');
    expect(await failure({ volumeMounts: [{ name: 'v', mountPath: '/d', subPathExpr: '$(NO)' }] })).to.equal('missing value for "NO"');
    expect(containerDevices({ ...main, volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }, new Map([['v', volume({ kind: 'device', readOnly: true })]]))).to.deep.equal([{ hostPath: '/v', containerPath: '/dev/x', permissions: 'rm' }]);
    expect(() => containerDevices({ ...main, volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }, new Map([['v', volume()]]))).to.throw('cannot find volume "v" to pass into container "main"');
  });
});
