import { expect } from 'chai';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { NetworkPolicy } from '#core/api/schema/networking-v1.ts';
import type { PodPolicy } from '#core/spi/network-plugin.ts';
import { podPolicies } from './pod-policies.ts';

const namespace = (name: string, labels: Record<string, string> = {}): Namespace => ({ apiVersion: 'v1', kind: Namespace.kind, metadata: { name, labels }, spec: {}, status: {} }) as unknown as Namespace;
const pod = (where: string, name: string, ip: string, labels: Record<string, string>, more: { spec?: object; status?: object } = {}): Pod => ({
  apiVersion: 'v1', kind: Pod.kind, metadata: { namespace: where, name, uid: `uid-${name}`, labels },
  spec: { nodeName: 'node-1', containers: [{ name: 'c', ports: [{ name: 'web', protocol: 'TCP', containerPort: 8080 }] }], ...more.spec }, status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], ...more.status },
}) as unknown as Pod;
const policy = (where: string, spec: object): NetworkPolicy => ({ apiVersion: 'networking.k8s.io/v1', kind: NetworkPolicy.kind, metadata: { namespace: where, name: 'p', uid: 'u' }, spec: { podSelector: {}, ...spec } }) as unknown as NetworkPolicy;

const namespaces = [namespace('a', { team: 'one' }), namespace('b', { team: 'two' })];
const web = pod('a', 'web', '10.0.0.1', { app: 'web' });
const client = pod('a', 'client', '10.0.0.2', { app: 'client' }, { spec: { nodeName: 'node-2' } });
const other = pod('b', 'other', '10.0.0.3', { app: 'client' }, { spec: { containers: [{ name: 'c', ports: [{ name: 'web', protocol: 'TCP', containerPort: 9090 }] }], nodeName: 'node-2' } });
const pods = [
  web, client, other, pod('a', 'host', '192.0.2.1', { app: 'client' }, { spec: { hostNetwork: true } }),
  pod('a', 'done', '10.0.0.4', { app: 'client' }, { status: { phase: 'Succeeded' } }), pod('a', 'new', '', { app: 'web' }, { status: { podIPs: [] } }),
];
const here = { pod: { namespace: 'a', name: 'web', uid: 'uid-web' }, addresses: ['10.0.0.1'] };
const of = (...policies: NetworkPolicy[]): PodPolicy[] => podPolicies({ policies, pods, namespaces, attached: [here], objectOf: ({ uid }) => pods.find(({ metadata }) => metadata.uid === uid) });
const only = (spec: object): PodPolicy | undefined => of(policy('a', { podSelector: { matchLabels: { app: 'web' } }, ...spec }))[0];
const addresses = (...cidrs: string[]) => ({ cidrs, except: [] });

describe('podPolicies', () => {
  it('isolates the selected pods of this node in the directions that policies speak of', () => {
    expect(of()).to.deep.equal([]);
    expect(of(policy('b', {}))).to.deep.equal([]);
    expect(of(policy('a', {}))).to.deep.equal([{ podUid: 'uid-web', addresses: ['10.0.0.1'], ingress: [] }]);
    expect(only({ policyTypes: ['Egress'] })).to.deep.equal({ podUid: 'uid-web', addresses: ['10.0.0.1'], egress: [] });
    expect(only({ egress: [{}] })).to.deep.include({ ingress: [], egress: [{}] });
    expect(only({ policyTypes: ['Ingress'], egress: [{}] })).to.have.all.keys('podUid', 'addresses', 'ingress');
  });

  it('isolates a pod that nobody knows, where there are policies', () => {
    const stranger = { pod: { namespace: 'a', name: 'web', uid: 'uid-gone' }, addresses: ['10.0.0.9', 'fd00::9'] };
    const with_ = (...policies: NetworkPolicy[]) => podPolicies({ policies, pods, namespaces, attached: [stranger], objectOf: () => undefined });
    expect(with_(policy('a', { podSelector: { matchLabels: { app: 'none' } } }))).to.deep.equal([{ podUid: 'uid-gone', addresses: ['10.0.0.9', 'fd00::9'], ingress: [], egress: [] }]);
    expect(with_(policy('b', {}))).to.deep.equal([]);
  });

  it('takes the addresses of this node\'s pods from their attachments, not from their status', () => {
    const early = { pod: { namespace: 'a', name: 'new', uid: 'uid-new' }, addresses: ['10.0.0.7'] };
    const rules = podPolicies({ policies: [policy('a', {})], pods, namespaces, attached: [early], objectOf: ({ uid }) => pods.find(({ metadata }) => metadata.uid === uid) });
    expect(rules).to.deep.equal([{ podUid: 'uid-new', addresses: ['10.0.0.7'], ingress: [] }]);
  });

  it('adds up what several policies allow', () => {
    const rules = of(policy('a', { ingress: [{ ports: [{ protocol: 'TCP', port: 1 }] }] }), policy('a', { ingress: [{ ports: [{ protocol: 'UDP', port: 2, endPort: 9 }] }] }), policy('a', {}));
    expect(rules[0]?.ingress).to.deep.equal([{ ports: [{ protocol: 'TCP', port: 1 }] }, { ports: [{ protocol: 'UDP', port: 2, endPort: 9 }] }]);
  });

  for (const [what, from, peers] of [
    ['pods of the same namespace', [{ podSelector: { matchLabels: { app: 'client' } } }], [addresses('10.0.0.2')]],
    ['all pods of some namespaces', [{ namespaceSelector: { matchLabels: { team: 'two' } } }], [addresses('10.0.0.3')]],
    ['some pods of all namespaces', [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'client' } } }], [addresses('10.0.0.2', '10.0.0.3')]],
    ['ranges with holes', [{ ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.8/29'] } }], [{ cidrs: ['192.0.2.0/24'], except: ['192.0.2.8/29'] }]],
    ['nobody that is there', [{ podSelector: { matchLabels: { app: 'none' } } }], []],
    ['one or the other', [{ podSelector: { matchLabels: { app: 'client' } } }, { ipBlock: { cidr: '2001:db8::/32' } }], [addresses('10.0.0.2'), addresses('2001:db8::/32')]],
  ] as const) {
    it(`allows ${what}`, () => {
      expect(only({ ingress: [{ from }] })?.ingress).to.deep.equal([{ peers }]);
      expect(only({ policyTypes: ['Egress'], egress: [{ to: from }] })?.egress).to.deep.equal([{ peers }]);
    });
  }

  it('resolves names of ports where the traffic ends', () => {
    const ports = [{ protocol: 'TCP', port: 'web' }];
    expect(only({ ingress: [{ ports }] })?.ingress).to.deep.equal([{ ports: [{ protocol: 'TCP', port: 8080 }] }]);
    expect(only({ ingress: [{ ports: [{ protocol: 'UDP', port: 'web' }, { protocol: 'TCP', port: 'none' }] }] })?.ingress).to.deep.equal([]);
    expect(only({ policyTypes: ['Egress'], egress: [{ ports: [...ports, { protocol: 'TCP', port: 1 }], to: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'client' } } }] }] })?.egress).to.deep.equal([
      { peers: [addresses('10.0.0.2', '10.0.0.3')], ports: [{ protocol: 'TCP', port: 1 }] },
      { peers: [addresses('10.0.0.2')], ports: [{ protocol: 'TCP', port: 8080 }] },
      { peers: [addresses('10.0.0.3')], ports: [{ protocol: 'TCP', port: 9090 }] },
    ]);
    expect(only({ ingress: [{ ports: [{ protocol: 'SCTP' }] }] })?.ingress).to.deep.equal([{ ports: [{ protocol: 'SCTP' }] }]);
  });
});
