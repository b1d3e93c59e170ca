import { expect } from 'chai';
import { NetworkError, type PodPolicy, type PolicyRule } from '#core/spi/network-plugin.ts';
import { policyChains } from './policy-rules.ts';

const pod = (more: Partial<PodPolicy>): PodPolicy => ({ podUid: 'u', addresses: ['10.0.0.1', 'fd00::1'], ...more });
const ingress = (...rules: PolicyRule[]) => pod({ ingress: rules });
const written = (policy: PodPolicy, family: 'IPv4' | 'IPv6' = 'IPv4'): Record<string, string[]> => {
  const chains = policyChains(family, place, [policy]);
  // Names say nothing: they are numbered in the order in which they are met.
  const names = new Map(Object.keys(chains).filter((name) => name !== 'MAIN').map((name, index) => [name, `C${index}`]));
  const plain = (text: string): string => text.replaceAll(/KEELSON-POL-[0-9A-F]{16}/g, (name) => names.get(name) ?? name);
  return Object.fromEntries(Object.entries(chains).map(([name, rules]) => [plain(name), rules.map(plain)]));
};
const open = '-j MARK --set-xmark 0x0/0x1000';
const end = ['-m mark ! --mark 0x1000/0x1000 -j DROP', open];
const allow = '-j MARK --set-xmark 0x1000/0x1000';
const place = { main: 'MAIN', bridge: 'br0' };
const answers = ['-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN', '-d 224.0.0.0/4 -o br0 -j DROP', '-o br0 -m addrtype --dst-type BROADCAST -j DROP'];
const byLink = ['-d ff00::/8 -o br0 -j DROP', '-d fe80::/10 -o br0 -j DROP', '-s fe80::/10 -i br0 -j DROP'];
const found = ['130', '131', '132', '135', '136', '143'].map((type) => `-p ipv6-icmp -m icmp6 --icmpv6-type ${type} -j RETURN`);

describe('policyChains', () => {
  it('writes nothing for nobody', () => {
    expect(policyChains('IPv4', place, [])).to.deep.equal({ MAIN: [] });
    expect(policyChains('IPv4', place, [pod({})])).to.deep.equal({ MAIN: [] });
    expect(policyChains('IPv6', place, [pod({ addresses: ['10.0.0.1'], ingress: [] })])).to.deep.equal({ MAIN: [answers[0], ...found, ...byLink] });
  });

  it('drops what no rule allows, in the directions that are ruled', () => {
    expect(written(ingress())).to.deep.equal({ MAIN: [...answers, '-d 10.0.0.1 -j C0'], C0: [open, ...end] });
    expect(written(pod({ egress: [] }))).to.deep.equal({ MAIN: [...answers, '-s 10.0.0.1 -j C0'], C0: [open, ...end] });
    expect(written(ingress(), 'IPv6').MAIN).to.deep.equal([answers[0], ...found, ...byLink, '-d fd00::1 -j C0']);
  });

  for (const [what, rule, lines, more] of [
    ['everybody', {}, [allow], {}],
    ['everybody at some ports', { ports: [{ protocol: 'TCP', port: 80 }, { protocol: 'UDP', port: 1, endPort: 9 }, { protocol: 'SCTP' }] }, [`-p tcp -m tcp --dport 80 ${allow}`, `-p udp -m udp --dport 1:9 ${allow}`, `-p sctp ${allow}`], {}],
    ['nobody', { peers: [] }, [], {}],
    ['some, of this family', { peers: [{ cidrs: ['10.0.0.2', '10.1.2.3/16', 'fd00::2'], except: [] }] }, [`-s 10.0.0.2 ${allow}`, `-s 10.1.0.0/16 ${allow}`], {}],
    ['some at one port', { peers: [{ cidrs: ['10.0.0.2'], except: [] }], ports: [{ protocol: 'TCP', port: 80 }] }, [`-s 10.0.0.2 -p tcp -m tcp --dport 80 ${allow}`], {}],
    ['some at several ports', { peers: [{ cidrs: ['10.0.0.2', '10.0.0.3'], except: [] }], ports: [{ protocol: 'TCP', port: 80 }, { protocol: 'TCP', port: 81 }] },
      ['-s 10.0.0.2 -j C0', '-s 10.0.0.3 -j C0'], { C0: [`-p tcp -m tcp --dport 80 ${allow}`, `-p tcp -m tcp --dport 81 ${allow}`] }],
    ['a range with holes', { peers: [{ cidrs: ['10.0.0.0/8'], except: ['10.1.0.0/16', 'fd00::/64'] }] }, ['-s 10.0.0.0/8 -j C0'], { C0: ['-s 10.1.0.0/16 -j RETURN', allow] }],
  ] as const) {
    it(`lets in ${what}`, () => {
      const name = `C${Object.keys(more).length}`;
      expect(written(ingress(rule))).to.deep.equal({ MAIN: [...answers, `-d 10.0.0.1 -j ${name}`], [name]: [open, ...lines, ...end], ...more });
    });
  }

  for (const bad of [
    { peers: [{ cidrs: ['10.0.0.1 -j ACCEPT'], except: [] }] }, { peers: [{ cidrs: ['10.0.0.0/8'], except: ['x\n-A INPUT'] }] }, { ports: [{ protocol: 'TCP', port: 0 }] },
    { ports: [{ protocol: 'TCP', port: 80, endPort: 70_000 }] }, { ports: [{ protocol: 'x -j' as 'TCP', port: 80 }] }, { ports: [{ protocol: 'TCP', port: '80 -j' as unknown as number }] },
  ] satisfies PolicyRule[]) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      expect(() => policyChains('IPv4', place, [ingress(bad)])).to.throw(NetworkError);
    });
  }

  it('names chains as the kernel takes names', () => {
    for (const name of Object.keys(policyChains('IPv4', place, [pod({ podUid: 'x'.repeat(100), ingress: [], egress: [] })]))) expect(name.length).to.be.at.most(28);
  });
});
