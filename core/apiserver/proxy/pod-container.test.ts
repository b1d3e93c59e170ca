import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { agentPath, containerOf } from './pod-container.ts';

const named = (...names: string[]) => names.map((name) => ({ name }));
const pod = (spec: object): Pod => ({ metadata: { namespace: 'ns', name: 'p' }, spec } as unknown as Pod);

describe('containerOf', () => {
  it('is the one that is named, of whatever sort, or the only ordinary one', () => {
    const full = pod({ containers: named('a'), initContainers: named('i'), ephemeralContainers: named('e') });
    expect([undefined, '', 'a', 'i', 'e'].map((name) => containerOf(full, name))).to.deep.equal(['a', 'a', 'a', 'i', 'e']);
    expect(() => containerOf(full, 'x')).to.throw('container x is not valid for pod p').with.property('reason', 'BadRequest');
  });

  it('has to be named where there are several', () => {
    expect(() => containerOf(pod({ containers: named('a', 'b'), initContainers: named('i'), ephemeralContainers: named('e') })))
      .to.throw('a container name must be specified for pod p, choose one of: [i a b e]').with.property('reason', 'BadRequest');
  });
});

describe('agentPath', () => {
  it('names the pod, and what is asked of it', () => {
    expect(agentPath('portForward', pod({}), undefined, new URLSearchParams())).to.equal('/portForward/ns/p');
    expect(agentPath('exec', pod({}), 'c', new URLSearchParams([['command', 'a b'], ['command', '&']]))).to.equal('/exec/ns/p/c?command=a+b&command=%26');
  });
});
