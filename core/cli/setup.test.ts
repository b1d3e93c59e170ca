import { expect } from 'chai';
import { UsageError } from './failure.ts';
import type { NodeComputer } from './node-needs.ts';
import { missingPackages } from './setup.ts';

const all = ['dockerd', 'iptables', 'conntrack', 'ip', 'mkfs.ext4', 'nsenter', 'mount', 'sysctl'];
const computer = (programs: readonly string[], more: Partial<NodeComputer> = {}): NodeComputer =>
  ({ release: 'ID=debian\nVERSION_ID="12"\n', hasFile: () => true, hasAppArmor: false, ...more, hasProgram: (name) => programs.includes(name) });

describe('keelson up --setup', () => {
  it('installs what is missing, and only that', () => {
    expect(missingPackages(computer(all.filter((name) => name !== 'dockerd' && name !== 'conntrack')), true)).to.deep.equal(['docker.io', 'conntrack']);
    expect(missingPackages(computer(all), true)).to.deep.equal([]);
    expect(missingPackages(computer([], { release: 'ID=linuxmint\nID_LIKE="ubuntu debian"\n' }), true)).to.include('docker.io');
  });

  it('brings what Docker needs to trust registries, and to confine containers where the kernel can', () => {
    expect(missingPackages(computer(all, { hasFile: (path) => path !== '/etc/ssl/certs/ca-certificates.crt' }), true)).to.deep.equal(['ca-certificates']);
    expect(missingPackages(computer(all, { hasAppArmor: true }), true)).to.deep.equal(['apparmor']);
    expect(missingPackages(computer([...all, 'apparmor_parser'], { hasAppArmor: true }), true)).to.deep.equal([]);
  });

  it('says so where it must not, or does not know how', () => {
    expect(() => missingPackages(computer([]), false)).to.throw(UsageError, / npm start -- --setup$/);
    expect(() => missingPackages(computer(['ip', 'sysctl', 'nsenter', 'mount'], { release: 'ID=fedora\n' }), true)).to.throw(UsageError, 'dockerd, iptables, conntrack, mkfs.ext4');
    expect(() => missingPackages(computer(['ip'], { release: '' }), true)).to.throw(UsageError);
  });
});
