import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSign } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';
import { execa } from 'execa';

import { writeServiceAccountKey } from './credentials.ts';
import { startGcpEmulator, type GcpEmulator } from './emulator.ts';
import { RawClient } from './raw-client.ts';

const zone = 'zones/us-central1-a';

describe('the Compute Engine emulator: its other doors', () => {
  let emulator: GcpEmulator;
  let folder: string;

  before(async () => {
    emulator = await startGcpEmulator({ speed: 0, identity: { project: 'p1', zone: 'us-central1-a', instance: 'i1' } });
    folder = mkdtempSync(join(tmpdir(), 'gcp-emulator-'));
  });

  after(async () => {
    await emulator.stop();
    rmSync(folder, { recursive: true });
  });

  it('gives a token for the assertion of a service account whose key it wrote', async () => {
    writeServiceAccountKey(join(folder, 'key.json'), emulator.url, 'p1');
    const key = JSON.parse(readFileSync(join(folder, 'key.json'), 'utf8'));
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = (exp: number) => {
      const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iss: key.client_email, aud: key.token_uri, exp })}`;
      return `${text}.${createSign('RSA-SHA256').update(text).sign(key.private_key, 'base64url')}`;
    };
    const exchange = (assertion: string) => fetch(key.token_uri, { method: 'POST', body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }) });
    const good = await exchange(signed(Date.now() / 1_000 + 600));
    expect(good.status).to.equal(200);
    const { access_token: token, expires_in: seconds } = (await good.json()) as { access_token: string; expires_in: number };
    expect(seconds).to.equal(3_599);
    expect((await new RawClient(emulator).send('GET', zone, undefined, { authorization: `Bearer ${token}` })).status).to.equal(200);
    const late = await exchange(signed(Date.now() / 1_000 - 600));
    expect([late.status, ((await late.json()) as { error: string }).error]).to.deep.equal([400, 'invalid_grant']);
    expect((await exchange('no.jwt')).status).to.equal(400);
  });

  it('is the metadata server of a machine', async () => {
    const ask = (path: string, headers: Record<string, string> = { 'metadata-flavor': 'Google' }) => fetch(`${emulator.url}/computeMetadata/v1/${path}`, { headers });
    expect((await ask('project/project-id', {})).status).to.equal(403);
    const project = await ask('project/project-id');
    expect([await project.text(), project.headers.get('metadata-flavor')]).to.deep.equal(['p1', 'Google']);
    expect(await (await ask('instance/zone')).text()).to.equal('projects/100000000000/zones/us-central1-a');
    expect(await (await ask('instance/machine-type')).text()).to.equal('projects/100000000000/machineTypes/e2-standard-2');
    const { access_token: token } = (await (await ask('instance/service-accounts/default/token')).json()) as { access_token: string };
    expect((await new RawClient(emulator).send('GET', zone, undefined, { authorization: `Bearer ${token}` })).status).to.equal(200);
    expect((await ask('instance/secrets')).status).to.equal(404);
    expect((await ask('__proto__')).status).to.equal(404);
  });

  it('answers each request of a batch on its own', async () => {
    const parts = [
      'POST /compute/v1/projects/p1/zones/us-central1-a/disks HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"name":"d1"}',
      'GET /compute/v1/projects/p1/zones/us-central1-a/disks/none HTTP/1.1\r\n',
    ].map((request, index) => `--b\r\nContent-Type: application/http\r\nContent-ID: <x+${index}>\r\n\r\n${request}\r\n`);
    const answer = await fetch(`${emulator.url}/batch/compute/v1`, { method: 'POST', headers: { 'authorization': 'Bearer t', 'content-type': 'multipart/mixed; boundary="b"' }, body: `${parts.join('')}--b--` });
    const boundary = /boundary=(.+)$/.exec(answer.headers.get('content-type') ?? '')?.[1] ?? '';
    const answers = (await answer.text()).split(`--${boundary}`).slice(1, -1);
    expect(answers).to.have.length(2);
    expect(answers[0]).to.contain('Content-ID: <response-x+0>').and.to.contain('HTTP/1.1 200').and.to.contain('"operationType": "insert"');
    expect(answers[1]).to.contain('HTTP/1.1 404').and.to.contain('"notFound"');
    expect((await fetch(`${emulator.url}/batch/compute/v1`, { method: 'POST', body: 'x' })).status).to.equal(400);
  });

  it('stands bodies that are too long or too deep', async () => {
    const client = new RawClient(emulator);
    expect((await client.send('POST', `${zone}/disks`, `{"name":"${'x'.repeat(9 * 2 ** 20)}"}`)).status).to.equal(413);
    for (const deep of [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, `{"labels":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`]) expect((await client.send('POST', `${zone}/disks`, deep)).status).to.equal(400);
    expect((await client.send('GET', zone)).status, 'it goes on').to.equal(200);
  });

  it('starts as a program with a plan of faults, and says what is wrong with its options', async function () {
    this.timeout(60_000);
    writeFileSync(join(folder, 'faults.yaml'), 'faults:\n  - {method: compute.zones.get, call: 1, fault: before}\n');
    const main = new URL('main.ts', import.meta.url).pathname;
    const program = execa(process.execPath, [main, '--port', '0', '--seed', '7', '--faults', join(folder, 'faults.yaml')], { timeout: 30_000, reject: false });
    const line = await new Promise<string>((resolve) => {
      program.stdout.once('data', (data: Buffer) => resolve(data.toString()));
    });
    const url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? '';
    const ask = () => fetch(`${url}/compute/v1/projects/p1/${zone}`, { headers: { authorization: 'Bearer t' } });
    expect([(await ask()).status, (await ask()).status]).to.deep.equal([503, 200]);
    program.kill('SIGINT');
    expect((await program).exitCode).to.equal(0);
    for (const [args, part] of [[['--port', 'x'], '--port is a number'], [['--what'], '--what'], [['--faults', join(folder, 'none')], 'ENOENT']] as const) {
      const { exitCode, stderr } = await execa(process.execPath, [main, ...args], { reject: false, timeout: 30_000 });
      expect([exitCode, stderr.includes(part)], stderr).to.deep.equal([1, true]);
    }
  });
});
