import { expect } from 'chai';
import type { Commands } from './commands.ts';
import { Iptables, type Jump } from './iptables.ts';

const never = new AbortController().signal;
const jump: Jump = { from: 'FORWARD', match: '', to: 'OURS', place: 'first' };

/** A packet filter of which only one chain is known; keeps what was restored. */
function fake(rules: readonly string[]) {
  const restored: string[] = [];
  const commands: Commands = {
    start: (program) => Promise.resolve({
      abandon: () => undefined,
      finish(input) {
        if (program.endsWith('-restore')) restored.push(...input.split('\n').filter((line) => line.startsWith('-')));
        return Promise.resolve({ exitCode: 0, complaint: '', output: rules.map((rule) => `-A FORWARD ${rule}`).join('\n') });
      },
    }),
  };
  return { restored, filter: new Iptables('IPv4', 'iptables', commands) };
}

const edits = async (rules: readonly string[], wanted: Jump = jump): Promise<string[]> => {
  const { restored, filter } = fake(rules);
  await filter.ensureJumps('filter', [wanted], never);
  return restored;
};

describe('jumps to our chains', () => {
  it('come first, but after those of services', async () => {
    expect(await edits([])).to.deep.equal(['-I FORWARD 1 -j OURS']);
    expect(await edits(['-j DOCKER-USER'])).to.deep.equal(['-I FORWARD 1 -j OURS']);
    expect(await edits(['-m conntrack --ctstate NEW -j KEELSON-SERVICES', '-j DOCKER-USER', '-j KEELSON-FORWARD'])).to.deep.equal(['-I FORWARD 2 -j OURS']);
    expect(await edits(['-j KUBE-PROXY-FIREWALL', '-j KUBE-FORWARD', '-m comment --comment "kubernetes service portals" -j KUBE-SERVICES'])).to.deep.equal(['-I FORWARD 4 -j OURS']);
  });

  it('stay where they are when that is right', async () => {
    expect(await edits(['-j OURS', '-j DOCKER-USER'])).to.deep.equal([]);
    expect(await edits(['-j KUBE-SERVICES', '-j OURS', '-j X'])).to.deep.equal([]);
    expect(await edits(['-j X', '-m addrtype --dst-type LOCAL -j OURS', '-j Y'], { ...jump, match: '-m addrtype --dst-type LOCAL', place: 'last' })).to.deep.equal([]);
  });

  it('are moved when others came before, and are there once', async () => {
    expect(await edits(['-j X', '-j OURS'])).to.deep.equal(['-D FORWARD -j OURS', '-I FORWARD 1 -j OURS']);
    expect(await edits(['-j OURS', '-j KUBE-SERVICES', '-j X'])).to.deep.equal(['-D FORWARD -j OURS', '-I FORWARD 2 -j OURS']);
    expect(await edits(['-j OURS', '-j OURS', '-s 10.0.0.1/32 -g OURS'])).to.deep.equal(['-D FORWARD -j OURS', '-D FORWARD -j OURS', '-D FORWARD -s 10.0.0.1/32 -g OURS', '-I FORWARD 1 -j OURS']);
    expect(await edits(['-j OURS', '-j KUBE-SERVICES'], { ...jump, place: 'last' })).to.deep.equal(['-D FORWARD -j OURS', '-A FORWARD -j OURS']);
  });

  it('go with our chains', async () => {
    const { restored, filter } = fake(['-j OURS', '-j X', '-m x -j OURS']);
    await filter.remove('filter', [jump], [], never);
    expect(restored).to.deep.equal(['-D FORWARD -j OURS', '-D FORWARD -m x -j OURS']);
  });
});
