import { expect } from 'chai';
import { UsageError } from './failure.ts';
import { missingPackages } from './setup.ts';

const machine = (programs: readonly string[], more: { isRoot?: boolean; release?: string } = {}) => ({ isRoot: true, release: 'ID=debian\nVERSION_ID="12"\n', ...more, hasProgram: (name: string) => programs.includes(name) });

describe('keelson up --setup', () => {
  it('installs what is missing, and only that', () => {
    expect(missingPackages(machine(['ip', 'mkfs.ext4', 'nsenter', 'sysctl']))).to.deep.equal(['docker.io', 'iptables', 'conntrack']);
    expect(missingPackages(machine(['dockerd', 'iptables', 'conntrack', 'ip', 'mkfs.ext4', 'nsenter', 'sysctl']))).to.deep.equal([]);
    expect(missingPackages(machine([], { release: 'ID=linuxmint\nID_LIKE="ubuntu debian"\n' }))).to.include('docker.io');
  });

  it('says so where it must not, or does not know how', () => {
    expect(() => missingPackages(machine([], { isRoot: false }))).to.throw(UsageError, 'sudo npm start -- --setup');
    expect(() => missingPackages(machine(['ip'], { release: 'ID=fedora\n' }))).to.throw(UsageError, 'dockerd, iptables, conntrack, mkfs.ext4');
    expect(() => missingPackages(machine(['ip'], { release: '' }))).to.throw(UsageError);
  });
});
