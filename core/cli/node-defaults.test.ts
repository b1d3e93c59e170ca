import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { StatusError } from '#core/api/status-error.ts';
import { nodeDefaultsPlace } from '#core/controllers/node-defaults/controller.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { readNodeDefaults } from './node-defaults.ts';

describe('readNodeDefaults', () => {
  const nothing = { clusterCidrs: [], clusterDns: [], clusterDomain: undefined };
  const { signal } = new AbortController();
  const clock = new FakeClock();
  let dir: string;
  let client: FakeClient;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-defaults-'));
    client = new FakeClient();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const publish = () => client.create(ConfigMap, { metadata: nodeDefaultsPlace, data: { clusterCIDRs: '10.244.0.0/16,fd44::/48', serviceCIDRs: '10.96.0.0/16', clusterDNS: '10.96.0.10', clusterDomain: 'c.test' } });
  const published = { clusterCidrs: ['10.244.0.0/16', 'fd44::/48'], serviceCidrs: ['10.96.0.0/16'], clusterDns: ['10.96.0.10'], clusterDomain: 'c.test' };
  const read = (given: Parameters<typeof readNodeDefaults>[1] = nothing) => readNodeDefaults(client, given, { dir, clock, logger: silentLogger, signal });

  it('takes what the cluster says, unless something else was given', async () => {
    await publish();
    expect(await read()).to.deep.equal(published);
    expect(await read({ clusterCidrs: ['10.0.0.0/8'], clusterDns: ['192.0.2.53'], clusterDomain: 'other.test' }))
      .to.deep.equal({ clusterCidrs: ['10.0.0.0/8'], serviceCidrs: ['10.96.0.0/16'], clusterDns: ['192.0.2.53'], clusterDomain: 'other.test' });
  });

  it('does without in a cluster that says nothing', async () => {
    expect(await read()).to.deep.equal({ clusterCidrs: [], serviceCidrs: [], clusterDns: [], clusterDomain: 'cluster.local' });
  });

  it('remembers it for a start without the API, and waits where there is nothing to remember', async () => {
    await publish();
    client.before = () => {
      throw new StatusError('ServiceUnavailable', 'away');
    };
    const waiting = read();
    await clock.advance(3000);
    client.before = undefined;
    await clock.advance(10_000);
    expect(await waiting).to.deep.equal(published);
    client.before = () => {
      throw new StatusError('ServiceUnavailable', 'away');
    };
    expect(await read()).to.deep.equal(published);
  });
});
