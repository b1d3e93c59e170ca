import { expect } from 'chai';
import { pods } from '#core/registry/pods.ts';
import { header, row } from '#core/registry/resource.test.ts';

const spec = { containers: [{ name: 'a', image: 'x' }, { name: 'b', image: 'x' }] };
const metadata = { name: 'p', namespace: 'ns', creationTimestamp: '2026-01-02T11:55:00Z' };
const status = (name: string, state: object, more: object = {}) => ({ name, image: 'x', imageID: '', ready: false, restartCount: 0, state, ...more });
const running = (name: string, more: object = {}) => status(name, { running: {} }, { ready: true, ...more });
const ended = (name: string, exit: object) => status(name, { terminated: exit });
const waiting = (name: string, reason: string, more: object = {}) => status(name, { waiting: { reason } }, more);
const init = (...names: string[]) => ({ ...spec, initContainers: names.map((name) => ({ name, image: 'x' })) });
const sidecar = { ...spec, initContainers: [{ name: 's', image: 'x', restartPolicy: 'Always' }] };
const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-02T11:57:00Z' } };
const ready = { conditions: [{ type: 'Ready', status: 'True' }] };

describe('what kubectl get pods prints', () => {
  const cases: readonly (readonly [what: string, pod: object, expected: string])[] = [
    ['a new pod', { spec, status: { phase: 'Pending' } }, '0/2 | Pending | 0'],
    ['a running pod', { spec, status: { phase: 'Running', containerStatuses: [running('a'), running('b')] } }, '2/2 | Running | 0'],
    ['a container that is being made', { spec, status: { phase: 'Pending', containerStatuses: [waiting('a', 'ContainerCreating'), waiting('b', 'ContainerCreating')] } }, '0/2 | ContainerCreating | 0'],
    ['a crashing container', {
      spec, status: { phase: 'Running', containerStatuses: [waiting('a', 'CrashLoopBackOff', { restartCount: 4, lastState }), running('b')] },
    }, '1/2 | CrashLoopBackOff | 4 (3m ago)'],
    ['restarts without a time', { spec, status: { phase: 'Running', containerStatuses: [running('a', { restartCount: 2 }), running('b')] } }, '2/2 | Running | 2'],
    ['a finished pod', { spec, status: { phase: 'Succeeded', containerStatuses: [ended('a', { exitCode: 0, reason: 'Completed' }), ended('b', { exitCode: 0, reason: 'Completed' })] } }, '0/2 | Completed | 0'],
    ['one of two finished, ready', { spec, status: { phase: 'Running', ...ready, containerStatuses: [ended('a', { exitCode: 0, reason: 'Completed' }), running('b')] } }, '1/2 | Running | 0'],
    ['one of two finished, not ready', { spec, status: { phase: 'Running', containerStatuses: [ended('a', { exitCode: 0, reason: 'Completed' }), running('b')] } }, '1/2 | NotReady | 0'],
    ['an exit code without a reason', { spec, status: { phase: 'Failed', containerStatuses: [ended('a', { exitCode: 3 })] } }, '0/2 | ExitCode:3 | 0'],
    ['a signal without a reason', { spec, status: { phase: 'Failed', containerStatuses: [ended('a', { exitCode: 137, signal: 9 })] } }, '0/2 | Signal:9 | 0'],
    ['an evicted pod', { spec, status: { phase: 'Failed', reason: 'Evicted' } }, '0/2 | Evicted | 0'],
    ['a gated pod', { spec, status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } }, '0/2 | SchedulingGated | 0'],
    ['the second of two init containers', { spec: init('i', 'j'), status: { phase: 'Pending', initContainerStatuses: [ended('i', { exitCode: 0 }), status('j', { running: {} })] } }, '0/2 | Init:1/2 | 0'],
    ['an init container that failed', { spec: init('i'), status: { phase: 'Pending', initContainerStatuses: [ended('i', { exitCode: 2 })] } }, '0/2 | Init:ExitCode:2 | 0'],
    ['an init container that failed with a reason', { spec: init('i'), status: { phase: 'Pending', initContainerStatuses: [ended('i', { exitCode: 2, reason: 'Error' })] } }, '0/2 | Init:Error | 0'],
    ['an init container that crashes', {
      spec: init('i'), status: { phase: 'Pending', initContainerStatuses: [waiting('i', 'CrashLoopBackOff', { restartCount: 2, lastState })] },
    }, '0/2 | Init:CrashLoopBackOff | 2 (3m ago)'],
    ['an init container that waits', { spec: init('i'), status: { phase: 'Pending', initContainerStatuses: [waiting('i', 'PodInitializing')] } }, '0/2 | Init:0/1 | 0'],
    ['a sidecar', {
      spec: sidecar, status: { phase: 'Running', initContainerStatuses: [running('s', { started: true, restartCount: 1 })], containerStatuses: [running('a'), running('b')] },
    }, '3/3 | Running | 1'],
    ['a pod being deleted', { metadata: { ...metadata, deletionTimestamp: '2026-01-02T12:00:00Z' }, spec, status: { phase: 'Running', containerStatuses: [running('a'), running('b')] } }, '2/2 | Terminating | 0'],
    ['a pod being deleted on a lost node', { metadata: { ...metadata, deletionTimestamp: '2026-01-02T12:00:00Z' }, spec, status: { phase: 'Running', reason: 'NodeLost' } }, '0/2 | Unknown | 0'],
    ['a finished pod being deleted', { metadata: { ...metadata, deletionTimestamp: '2026-01-02T12:00:00Z' }, spec, status: { phase: 'Succeeded' } }, '0/2 | Succeeded | 0'],
  ];
  for (const [what, pod, expected] of cases) {
    it(what, () => expect(row(pods, { metadata, ...pod })).to.equal(`p | ${expected} | 5m`));
  }

  it('has the wide columns', () => {
    expect(header(pods)).to.equal('NAME | READY | STATUS | RESTARTS | AGE | (IP) | (NODE) | (NOMINATED NODE) | (READINESS GATES)');
    expect(row(pods, { metadata, spec }, true)).to.equal('p | 0/2 | Pending | 0 | 5m | <none> | <none> | <none> | <none>');
    const placed = {
      metadata, spec: { ...spec, nodeName: 'n1', readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] },
      status: { phase: 'Running', podIP: '10.0.0.5', nominatedNodeName: 'n2', conditions: [{ type: 'a', status: 'True' }, { type: 'b', status: 'False' }] },
    };
    expect(row(pods, placed, true)).to.equal('p | 0/2 | Running | 0 | 5m | 10.0.0.5 | n1 | n2 | 1/2');
  });
});
