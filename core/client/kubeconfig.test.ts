import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { readKubeconfig } from './kubeconfig.ts';
import { writeKubeconfig } from './write-kubeconfig.ts';

const pem = (what: string): string => `-----BEGIN ${what}-----\nMIIB\n-----END ${what}-----\n`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function config(cluster: object, user: object, more: object = {}): string {
  return stringify({
    apiVersion: 'v1', kind: 'Config',
    clusters: [{ name: 'other', cluster: { server: 'https://other' } }, { name: 'c', cluster: { server: 'https://host:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'ctx', context: { cluster: 'c', user: 'u', namespace: 'ns' } }, { name: 'open', context: { cluster: 'other' } }],
    'current-context': 'ctx', ...more,
  });
}

describe('kubeconfig', () => {
  it('is read back as it was written', () => {
    const connection = { server: 'https://127.0.0.1:6443', ca: pem('CERTIFICATE'), cert: pem('CERTIFICATE'), key: pem('PRIVATE KEY'), token: 't', serverName: 'keelson', insecure: false };
    expect(readKubeconfig(writeKubeconfig(connection))).to.deep.equal(connection);
    expect(writeKubeconfig({ server: 'http://x' })).to.not.match(/null|undefined|-data|insecure/);
    expect(readKubeconfig(writeKubeconfig({ server: 'http://x', insecure: true }, 'mine'))).to.include({ server: 'http://x', insecure: true });
  });

  it('gives the current context, or the one asked for', () => {
    expect(readKubeconfig(config({}, { token: 'secret' }))).to.include({ server: 'https://host:6443', token: 'secret', insecure: false });
    expect(readKubeconfig(config({}, { token: 'secret' }), { context: 'open' })).to.deep.include({ server: 'https://other' });
    expect(readKubeconfig(config({}, {}), { context: 'open' }).token).to.equal(undefined);
  });

  it('reads certificates, keys and tokens from files beside it, and prefers data to files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keelson-kubeconfig-'));
    try {
      for (const [name, text] of [['ca.crt', pem('CERTIFICATE')], ['me.crt', pem('CERTIFICATE')], ['me.key', pem('RSA PRIVATE KEY')], ['token', ' from-file\n']] as const) {
        writeFileSync(join(folder, name), text);
      }
      const text = config(
        { 'certificate-authority': 'ca.crt' },
        { 'client-certificate': join(folder, 'me.crt'), 'client-key': 'missing', 'client-key-data': base64(pem('EC PRIVATE KEY')), tokenFile: 'token', token: 'inline' },
      );
      expect(readKubeconfig(text, { folder })).to.deep.include({ ca: pem('CERTIFICATE'), cert: pem('CERTIFICATE'), key: pem('EC PRIVATE KEY'), token: 'from-file' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const refusals: readonly [string, string, string][] = [
    ['an exec plugin', config({}, { exec: { command: 'aws' } }), 'user "u" of the kubeconfig runs a program to get its credentials ("exec"), which is not supported; use a client certificate or a token instead'],
    ['an auth provider', config({}, { 'auth-provider': { name: 'gcp' } }), 'user "u" of the kubeconfig uses an auth-provider plugin'],
    ['a password', config({}, { username: 'a', password: 'b' }), 'user "u" of the kubeconfig uses basic authentication'],
    ['impersonation', config({}, { as: 'root' }), 'user "u" of the kubeconfig impersonates somebody'],
    ['a proxy', config({ 'proxy-url': 'http://p' }, {}), 'cluster "c" of the kubeconfig is reached through a proxy-url'],
    ['a certificate without its key', config({}, { 'client-certificate-data': base64(pem('CERTIFICATE')) }), 'has a client certificate or a client key, but not both'],
    ['data that is no PEM', config({ 'certificate-authority-data': base64('nonsense') }, {}), 'certificate-authority-data of cluster "c" in the kubeconfig holds no PEM text'],
    ['a file that is not there', config({ 'certificate-authority': '/nowhere/ca.crt' }, {}), 'certificate-authority of cluster "c" in the kubeconfig cannot be read: ENOENT'],
    ['no current context', config({}, {}, { 'current-context': '' }), 'the kubeconfig has no current-context'],
    ['an unknown context', config({}, {}, { 'current-context': 'gone' }), 'the kubeconfig has no context "gone"; it has "ctx", "open"'],
    ['an unknown user', config({}, {}, { users: null }), 'the kubeconfig has no user "u"; it has none'],
    ['no server', config({ server: '' }, {}), 'cluster "c" of the kubeconfig names no server'],
    ['a token that is a number', config({}, { token: 5 }), 'token of user "u" must be a text, got 5'],
    ['something that is no YAML', 'a: [', 'the kubeconfig is no YAML'],
    ['an empty file', '', 'the kubeconfig is not a mapping of fields'],
  ];
  for (const [what, text, message] of refusals) {
    it(`says what is wrong with ${what}`, () => {
      expect(() => readKubeconfig(text)).to.throw(message);
    });
  }
});
