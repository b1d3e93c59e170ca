import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { noResults, type ContainerHealth } from '#core/agent/pods/probes/probe-results.ts';
import type { PodOnRuntime } from '#core/agent/pods/runtime/snapshot.ts';
import type { Container, Sandbox } from '#core/spi/container-runtime.ts';
import { podActions } from './pod-actions.ts';

const sandbox = (attempt: number, state: Sandbox['state'] = 'Ready'): Sandbox => ({ id: `s${attempt}`, attempt, state, pod: { namespace: 'd', name: 'p', uid: 'u' }, createdAt: attempt, labels: {} });
const container = (name: string, state: Container['state'], more: Partial<Container> = {}): Container => ({
  id: `${name}-${more.attempt ?? 0}`, sandboxId: 's0', name, attempt: 0, state, image: 'i', imageId: 'i', createdAt: 0, labels: {}, ...(state === 'Exited' ? { exitCode: 0 } : {}), ...more,
});
const podOf = (restartPolicy: 'Always' | 'OnFailure' | 'Never', init: readonly string[] = [], main: readonly string[] = ['main']): Pod => {
  const spec = (name: string) => ({ name: name.replace('+', ''), resources: {}, ...(name.startsWith('+') ? { restartPolicy: 'Always' as const } : {}) });
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec: { restartPolicy, containers: main.map(spec), initContainers: init.map(spec) }, status: {},
  };
};
const on = (sandboxes: readonly Sandbox[], ...containers: readonly Container[]): PodOnRuntime => ({ sandboxes, containers });

describe('What a pod needs', () => {
  const needs = (pod: Pod, runtime: PodOnRuntime, health: Readonly<Record<string, ContainerHealth>> = {}) => {
    const actions = podActions(pod, runtime, { of: (id) => health[id] ?? noResults.of(id) }, new Set());
    if (actions.isFinished) return 'finished';
    if (actions.sandbox === undefined) return `sandbox ${actions.attempt}`;
    return [...actions.kill.map((kill) => `kill ${kill.container.name}`), ...actions.start.map(({ name }) => `start ${name}`)].join(', ') || 'nothing';
  };

  for (const [what, pod, runtime, expected] of [
    ['nothing is there', podOf('Always'), on([]), 'sandbox 0'],
    ['there is a sandbox', podOf('Always'), on([sandbox(0)]), 'start main'],
    ['all runs', podOf('Always'), on([sandbox(0)], container('main', 'Running')), 'nothing'],
    ['the agent died between making and starting', podOf('Never'), on([sandbox(0)], container('main', 'Created')), 'start main'],
    ['the sandbox died', podOf('Always'), on([sandbox(0, 'NotReady')], container('main', 'Exited')), 'sandbox 1'],
    ['the sandbox died and all was done', podOf('OnFailure'), on([sandbox(0, 'NotReady')], container('main', 'Exited')), 'finished'],
    ['the sandbox died before anything ran, and nothing is tried twice', podOf('Never'), on([sandbox(0, 'NotReady')]), 'sandbox 1'],
    ['the sandbox died and nothing is tried twice', podOf('Never'), on([sandbox(0, 'NotReady')], container('main', 'Exited', { exitCode: 1 })), 'finished'],
    ['one of two is done', podOf('OnFailure', [], ['a', 'b']), on([sandbox(0)], container('a', 'Exited'), container('b', 'Running')), 'nothing'],
    ['one of two failed', podOf('OnFailure', [], ['a', 'b']), on([sandbox(0)], container('a', 'Exited', { exitCode: 1 }), container('b', 'Running')), 'start a'],
    ['one was done before the sandbox died', podOf('OnFailure', [], ['a', 'b']), on([sandbox(1), sandbox(0, 'NotReady')], container('a', 'Exited'), container('b', 'Exited', { exitCode: 137 })), 'start b'],
    ['a start failed', podOf('Never'), on([sandbox(0)], container('main', 'Created', { error: 'no such program' })), 'finished'],
    ['init containers come first', podOf('Always', ['a', 'b']), on([sandbox(0)]), 'start a'],
    ['the first one runs', podOf('Always', ['a', 'b']), on([sandbox(0)], container('a', 'Running')), 'nothing'],
    ['the first one is done', podOf('Always', ['a', 'b']), on([sandbox(0)], container('a', 'Exited')), 'start b'],
    ['the first one is done and collected', podOf('Always', ['a', 'b']), on([sandbox(0)], container('b', 'Exited')), 'start main'],
    ['all init containers are done and collected', podOf('Always', ['a', 'b']), on([sandbox(0)], container('main', 'Exited')), 'start main'],
    ['init containers run again in a new sandbox', podOf('Always', ['a']), on([sandbox(1), sandbox(0, 'NotReady')], container('a', 'Exited'), container('main', 'Exited')), 'start a'],
    ['an init container failed', podOf('OnFailure', ['a']), on([sandbox(0)], container('a', 'Exited', { exitCode: 1 })), 'start a'],
    ['an init container failed for good', podOf('Never', ['a']), on([sandbox(0)], container('a', 'Exited', { exitCode: 1 })), 'finished'],
    ['a sidecar runs', podOf('Always', ['+s', 'a']), on([sandbox(0)], container('s', 'Running')), 'start a'],
    ['a sidecar ended', podOf('Never', ['+s']), on([sandbox(0)], container('s', 'Exited'), container('main', 'Running')), 'start s'],
    ['a sidecar ended before the next began', podOf('Always', ['+s', 'a']), on([sandbox(0)], container('s', 'Exited', { exitCode: 1 })), 'start s'],
    ['all is done but a sidecar', podOf('Never', ['+s']), on([sandbox(0)], container('s', 'Running'), container('main', 'Exited')), 'finished'],
  ] as const) it(`when ${what}: ${expected}`, () => expect(needs(pod, runtime)).to.equal(expected));

  it('when probes fail', () => {
    const runtime = on([sandbox(0)], container('main', 'Running'));
    expect(needs(podOf('Always'), runtime, { 'main-0': { liveness: 'Failure' } })).to.equal('kill main');
    expect(needs(podOf('Never'), runtime, { 'main-0': { startup: 'Failure' } })).to.equal('kill main');
    expect(needs(podOf('Always'), runtime, { 'main-0': { readiness: 'Failure' } })).to.equal('nothing');
  });

  it('when a rule of the container says so', () => {
    const pod = podOf('Never');
    pod.spec.containers[0]!.restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
    expect(needs(pod, on([sandbox(0)], container('main', 'Exited', { exitCode: 42 })))).to.equal('start main');
    expect(needs(pod, on([sandbox(0)], container('main', 'Exited', { exitCode: 41 })))).to.equal('finished');
  });
});
