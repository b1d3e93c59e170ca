import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import { decode } from '#core/api/schema/decode.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { deepFreeze } from '#core/api/value.ts';
import { pods } from '#core/registry/pods.ts';
import { changed, created } from '#core/registry/resource.test.ts';

const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '64Mi' } };
const web = { name: 'web', image: 'nginx:1', resources, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] };
const draft = { metadata: { name: 'p', namespace: 'ns' }, spec: { containers: [web], initContainers: [{ name: 'init', image: 'x:1' }, { name: 'proxy', image: 'y:1', restartPolicy: 'Always' }] } };

/** What a write through the subresource leaves, and what is said against it. */
function write(name: string, old: Pod, wanted: object): { pod: Pod; text: string; fields: string[] } {
  const part = pods.subresources?.find((each) => each.name === name)?.part;
  const pod = decode(Pod.struct, wanted, { kind: Pod }).value;
  pods.defaults?.(pod);
  part!.carryOver(pod, deepFreeze(old));
  const errors = new FieldErrors();
  part!.validate?.(pod, old, errors);
  return { pod, text: errors.toString(), fields: errors.causes.map(({ field = '' }) => field) };
}

const podOf = (path = 'metadata.name', value: unknown = 'p'): Pod => created(pods, changed(draft, path, value)) as Pod;

describe('pods', () => {
  it('can be bound, evicted, resized and debugged', () => {
    expect(pods.subresources?.map(({ name, verbs, kind }) => `${name} ${verbs.join()} ${kind?.kind ?? 'Pod'}`)).to.deep.equal([
      'ephemeralcontainers get,patch,update Pod', 'resize get,patch,update Pod', 'binding create Binding', 'eviction create Eviction',
      'proxy create,delete,get,patch,update PodProxyOptions', 'attach create,get PodAttachOptions', 'exec create,get PodExecOptions', 'portforward create,get PodPortForwardOptions', 'log get Pod',
    ]);
  });
});

describe('the ephemeralcontainers of a pod', () => {
  const debug = { name: 'debug', image: 'busybox', targetContainerName: 'web' };
  const withDebug = (old: Pod) => changed(old, 'spec.ephemeralContainers', [debug]);
  const debugged = (): Pod => {
    const old = podOf();
    return write('ephemeralcontainers', old, withDebug(old)).pod;
  };

  it('are added with their defaults, and nothing else changes', () => {
    const old = { ...podOf(), status: { phase: 'Running' } } as Pod;
    const wanted = changed(changed(withDebug(old), 'spec.containers[0].image', 'evil:1'), 'status.phase', 'Failed');
    const { pod, text } = write('ephemeralcontainers', old, wanted);
    expect(text).to.equal('[]');
    expect(pod.spec.ephemeralContainers?.[0]).to.include({ ...debug, imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log' });
    expect({ ...pod.spec, ephemeralContainers: undefined }).to.deep.equal({ ...old.spec, ephemeralContainers: undefined });
    expect(pod.status).to.deep.equal({ phase: 'Running' });
  });

  it('neither change nor go', () => {
    const old = debugged();
    expect(write('ephemeralcontainers', old, old).text).to.equal('[]');
    expect(write('ephemeralcontainers', old, changed(old, 'spec.ephemeralContainers', undefined)).text)
      .to.equal('spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n');
    expect(write('ephemeralcontainers', old, changed(old, 'spec.ephemeralContainers[0].image', 'other')).text)
      .to.match(/^spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be changed/);
    const more = changed(old, 'spec.ephemeralContainers', [{ name: 'second', image: 'x' }, old.spec.ephemeralContainers?.[0]]);
    expect(write('ephemeralcontainers', old, more).text, 'in any order').to.equal('[]');
  });

  it('must be sound, and are not for static pods', () => {
    const old = podOf();
    expect(write('ephemeralcontainers', old, changed(old, 'spec.ephemeralContainers', [{ ...debug, name: 'web', ports: [{ containerPort: 1 }] }])).fields)
      .to.deep.equal(['spec.ephemeralContainers[0].name', 'spec.ephemeralContainers[0].ports']);
    const mirror = podOf('metadata.annotations', { 'kubernetes.io/config.mirror': 'x' });
    expect(write('ephemeralcontainers', mirror, withDebug(mirror)).text).to.equal(': Forbidden: static pods do not support ephemeral containers');
  });
});

describe('the resize of a pod', () => {
  const at = 'spec.containers[0].resources';
  const resize = (path: string, value: unknown, old = podOf()) => write('resize', old, changed(old, path, value));

  it('takes new amounts of CPU and memory, and nothing else', () => {
    const old = podOf();
    const wanted = changed(changed(old, `${at}.limits.cpu`, '500m'), 'spec.containers[0]', { ...old.spec.containers[0], image: 'evil:1', resources: { ...resources, limits: { cpu: '500m', memory: '64Mi' } } });
    const { pod, text } = write('resize', old, changed(wanted, 'spec.nodeName', 'n'));
    expect(text).to.equal('[]');
    expect(pod.spec).to.deep.equal({ ...old.spec, containers: [{ ...old.spec.containers[0], resources: { ...resources, limits: { cpu: '500m', memory: '64Mi' } } }] });
    expect(resize('spec.initContainers[1].resources', {}).text).to.equal('[]');
  });

  for (const [path, value, expected] of [
    [`${at}.requests.cpu`, '300m', 'spec.containers[0].resources.requests: Invalid value: "300m": must be less than or equal to cpu limit of 200m'],
    [at, { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m' } }, 'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed'],
    [at, { ...resources, limits: { ...resources.limits, 'ephemeral-storage': '1Gi' } }, 'spec: Forbidden: only cpu and memory resources are mutable'],
    ['spec.initContainers[0].resources', { requests: { cpu: '1' } }, 'spec: Forbidden: resources for non-sidecar init containers are immutable'],
    ['spec.initContainers[1].resources', { requests: { 'example.com/gpu': '1' }, limits: { 'example.com/gpu': '1' } }, 'spec: Forbidden: only cpu and memory resources for sidecar containers are mutable'],
    ['spec.containers[0].resizePolicy', [], 'spec: Forbidden: only cpu and memory resources are mutable'],
    ['spec.containers[0].name', 'other', 'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize'],
    ['spec.containers[1]', { name: 'more', image: 'x:1' }, 'spec.containers: Forbidden: containers may not be added or removed on resize'],
  ] as const) {
    it(`refuses ${path} = ${JSON.stringify(value)}`, () => expect(resize(path, value).text).to.contain(expected));
  }

  it('keeps the class of service', () => {
    expect(resize(at, { requests: resources.limits, limits: resources.limits }, podOf('spec.initContainers', [])).text)
      .to.equal('spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing');
  });

  it('is for pods and nodes that can do it', () => {
    const running = (more: object) => ({ containerStatuses: [{ name: 'web', ready: true, restartCount: 0, image: '', imageID: '', state: { running: {} }, ...more }] });
    const on = (status: object): Pod => ({ ...podOf(), status });
    expect(resize(`${at}.limits.cpu`, '500m', on(running({ resources }))).text).to.equal('[]');
    expect(resize(`${at}.limits.cpu`, '500m', on(running({}))).text).to.equal('spec: Forbidden: Pod running on node without support for resize');
    expect(resize(`${at}.limits.cpu`, '500m', podOf('spec.resources', { limits: { cpu: '1' } })).text).to.equal(': Forbidden: pods with pod-level resources cannot be resized');
    expect(resize(`${at}.limits.cpu`, '500m', podOf('spec.os', { name: 'windows' })).text).to.equal(': Forbidden: windows pods cannot be resized');
    expect(resize(`${at}.limits.cpu`, '500m', podOf('metadata.annotations', { 'kubernetes.io/config.mirror': 'x' })).text).to.equal(': Forbidden: static pods cannot be resized');
  });
});
