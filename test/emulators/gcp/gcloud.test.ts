import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

import { program, requires } from '#test/fixtures/requires.ts';
import { startGcpEmulator, type GcpEmulator } from './emulator.ts';

// Debian has no package of it: where it is missing the tests are skipped in CI too.
const { name, isMet } = program('gcloud', '');

describe('the Compute Engine emulator with gcloud', function () {
  this.timeout(240_000);
  before(requires({ name, isMet }));

  let emulator: GcpEmulator | undefined;
  let folder: string;

  before(async () => {
    emulator = await startGcpEmulator({ speed: 20 });
    folder = mkdtempSync(join(tmpdir(), 'gcp-emulator-'));
    writeFileSync(join(folder, 'token'), 'token');
  });

  after(async () => {
    await emulator?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const gcloud = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await execa('gcloud', ['compute', ...args], {
      reject: false,
      stdin: 'ignore',
      timeout: 100_000,
      env: {
        CLOUDSDK_CONFIG: folder,
        CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
        CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
        CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
        CLOUDSDK_CORE_PROJECT: 'p1',
        CLOUDSDK_COMPUTE_ZONE: 'us-central1-a',
        CLOUDSDK_COMPUTE_REGION: 'us-central1',
        CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, 'token'),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${emulator?.url}/compute/v1/`,
      },
    });
    return { stdout, stderr, exitCode };
  };
  const run = async (...args: string[]) => {
    const { stdout, stderr, exitCode } = await gcloud(...args);
    expect(exitCode, `gcloud ${args.join(' ')}\n${stderr}`).to.equal(0);
    return stdout;
  };

  it('makes an instance with a disk, lists, labels and deletes', async () => {
    await run('disks', 'create', 'd1', '--size', '10GB', '--type', 'pd-balanced');
    expect(await run('instances', 'create', 'i1', '--machine-type', 'e2-medium', '--image-family', 'debian-12', '--image-project', 'debian-cloud', '--format', 'value(name,status)')).to.match(/^i1\s+RUNNING$/);
    await run('instances', 'attach-disk', 'i1', '--disk', 'd1', '--device-name', 'data');
    expect(emulator?.state.cloud.resources.get('projects/p1/zones/us-central1-a/disks/d1')?.['users']).to.have.length(1);
    await run('instances', 'add-labels', 'i1', '--labels', 'a=b');
    expect(await run('instances', 'list', '--filter', 'labels.a=b', '--format', 'value(name)')).to.equal('i1');
    const used = await gcloud('disks', 'delete', 'd1');
    expect(used.exitCode).to.equal(1);
    expect(used.stderr).to.contain('is already being used by');
    await run('instances', 'delete', 'i1');
    await run('disks', 'delete', 'd1');
    expect(emulator?.state.leftovers()).to.deep.equal([]);
  });

  it('balances load', async () => {
    await run('instance-groups', 'unmanaged', 'create', 'ig');
    await run('health-checks', 'create', 'tcp', 'hc', '--region', 'us-central1', '--port', '80');
    await run('backend-services', 'create', 'bs', '--region', 'us-central1', '--load-balancing-scheme', 'external', '--protocol', 'TCP', '--health-checks', 'hc', '--health-checks-region', 'us-central1');
    await run('backend-services', 'add-backend', 'bs', '--region', 'us-central1', '--instance-group', 'ig', '--instance-group-zone', 'us-central1-a');
    await run('forwarding-rules', 'create', 'fr', '--region', 'us-central1', '--backend-service', 'bs', '--ports', '80', '--load-balancing-scheme', 'external');
    expect(await run('forwarding-rules', 'describe', 'fr', '--region', 'us-central1', '--format', 'value(IPAddress)')).to.match(/^34\./);
    const used = await gcloud('backend-services', 'delete', 'bs', '--region', 'us-central1');
    expect(used.stderr).to.contain('is already being used by');
  });

  it('says that a quota is exceeded', async () => {
    emulator?.state.setQuota('CPUS', 1);
    const refused = await gcloud('instances', 'create', 'i2', '--machine-type', 'e2-medium', '--image-family', 'debian-12', '--image-project', 'debian-cloud');
    expect(refused.exitCode).to.equal(1);
    expect(refused.stderr).to.contain("Quota 'CPUS' exceeded.  Limit: 1.0 in region us-central1.").and.to.contain('limit name = CPUS-per-project-region');
  });
});
