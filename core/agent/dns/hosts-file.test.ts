import { expect } from 'chai';
import type { Pod, PodSpec } from '#core/api/schema/core-v1/pod.ts';
import { hostsFile } from './hosts-file.ts';
import { kernelHostname, podHostname } from './pod-hostname.ts';

const pod = (spec: Partial<PodSpec>, name = 'web'): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec: { containers: [], ...spec }, status: {},
}) as unknown as Pod;

const hostHosts = '127.0.0.1 localhost\n192.0.2.7 node-1';
const fileOf = (spec: Partial<PodSpec>, ips: string[] = ['10.244.1.7', 'fd00::7']): string[] => hostsFile(pod(spec), ips, { clusterDomain: 'cluster.local', hostHosts }).split('\n');

describe('hosts file of a pod', () => {
  it('names the pod at each of its addresses', () => {
    const lines = fileOf({});
    expect(lines[0]).to.equal('# Kubernetes-managed hosts file.');
    expect(lines[1]).to.equal('127.0.0.1\tlocalhost');
    expect(lines.slice(-3)).to.deep.equal(['10.244.1.7\tweb', 'fd00::7\tweb', '']);
  });

  it('gives the full name first where there is a subdomain', () => {
    expect(fileOf({ hostname: 'db-0', subdomain: 'db' }, ['10.244.1.7'])).to.include('10.244.1.7\tdb-0.db.shop.svc.cluster.local\tdb-0');
  });

  it('ends with the aliases', () => {
    const lines = fileOf({ hostAliases: [{ ip: '192.0.2.1', hostnames: ['a.example', 'b.example'] }, { ip: '192.0.2.2', hostnames: ['c'] }] });
    expect(lines.slice(-5)).to.deep.equal(['', '# Entries added by HostAliases.', '192.0.2.1\ta.example\tb.example', '192.0.2.2\tc', '']);
  });

  it('is the node\'s, with the aliases, in the node\'s network', () => {
    expect(fileOf({ hostNetwork: true, hostAliases: [{ ip: '192.0.2.2', hostnames: ['c'] }] })).to.deep.equal([
      '# Kubernetes-managed hosts file (host network).', '127.0.0.1 localhost', '192.0.2.7 node-1', '', '# Entries added by HostAliases.', '192.0.2.2\tc', '']);
  });
});

describe('host name of a pod', () => {
  it('is cut to what the kernel takes, and never ends with a dash', () => {
    expect(podHostname(pod({}, `${'a'.repeat(62)}-b`), 'cluster.local').hostname).to.equal('a'.repeat(62));
  });

  it('is the full name with setHostnameAsFQDN, unless that is too long', () => {
    expect(kernelHostname(pod({ setHostnameAsFQDN: true, hostname: 'db-0', subdomain: 'db' }), 'cluster.local')).to.equal('db-0.db.shop.svc.cluster.local');
    expect(kernelHostname(pod({ setHostnameAsFQDN: true }), 'cluster.local')).to.equal('web');
    expect(() => kernelHostname(pod({ setHostnameAsFQDN: true, subdomain: 's'.repeat(60) }), 'cluster.local')).to.throw(RangeError, '64 characters is the max');
  });

  it('is the override, whatever the other fields say', () => {
    expect(podHostname(pod({ hostnameOverride: 'here.example', hostname: 'a', subdomain: 'b' }), 'cluster.local')).to.deep.equal({ hostname: 'here.example', domain: '' });
  });
});
