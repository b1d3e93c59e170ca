import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { expect } from 'chai';
import { issueAuthority, issueLeaf, type KeyPair } from '#core/authn/pki-issue.ts';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';

const hour = 3600_000;
const path = '/api/v1/namespaces/default/configmaps';
const span = (from: number, to: number) => ({ notBefore: new Date(Date.now() + from), notAfter: new Date(Date.now() + to) });

describe('client certificates', () => {
  let plane: ControlPlane;
  let authority: KeyPair;
  before(async () => {
    plane = await startControlPlane();
    authority = { cert: plane.pki.ca, key: await readFile(join(plane.pkiDir, 'ca.key'), 'utf8') };
  });
  after(() => plane.stop());

  const ask = ({ cert, key }: KeyPair, agent = new Agent({ ca: plane.pki.ca, cert, key })): Promise<{ code: number; message: string }> =>
    new Promise((resolve, reject) => {
      request(plane.server.url + path, { agent }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ code: response.statusCode ?? 0, message: (JSON.parse(text) as { message?: string }).message ?? '' }));
      }).on('error', reject).end();
    });
  const masters = { commonName: 'kubernetes-admin', organization: 'system:masters', usage: 'client' } as const;

  it('of the cluster\'s authority are believed', async () => {
    expect(await ask(await issueLeaf(authority, { ...masters, ...span(-hour, hour) }))).to.include({ code: 200 });
  });

  it('of another authority are worth nothing, whatever they say', async () => {
    const other = await issueAuthority('keelson-ca', span(-hour, hour));
    expect(await ask(await issueLeaf(other, { ...masters, ...span(-hour, hour) }))).to.deep.equal({ code: 401, message: 'Unauthorized' });
  });

  it('are worth nothing before and after their time', async () => {
    for (const time of [span(-2 * hour, -hour), span(hour, 2 * hour)]) expect(await ask(await issueLeaf(authority, { ...masters, ...time }))).to.include({ code: 401 });
  });

  it('of somebody else than an administrator give a name, and no rights', async () => {
    const dev = await issueLeaf(authority, { commonName: 'dev', organization: 'developers', usage: 'client', ...span(-hour, hour) });
    expect(await ask(dev)).to.deep.equal({ code: 403, message: 'configmaps is forbidden: User "dev" cannot list resource "configmaps" in API group "" in the namespace "default"' });
  });

  it('are remembered when a connection resumes an earlier session', async () => {
    const { cert, key } = plane.pki.admin;
    const agent = new Agent({ ca: plane.pki.ca, cert, key, keepAlive: false, maxCachedSessions: 10 });
    for (let connection = 0; connection < 3; connection++) expect(await ask(plane.pki.admin, agent)).to.include({ code: 200 });
  });
});
