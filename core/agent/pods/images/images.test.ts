import { expect } from 'chai';
import { Secret } from '#core/api/schema/core-v1/config.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { credentialsFor } from './pull-secrets.ts';
import { parseReference } from './reference.ts';
import { PodLab } from '#test/fixtures/pod-lab.ts';

const base64 = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const secret = (data: Record<string, string>, type = 'kubernetes.io/dockerconfigjson'): Secret => ({ data, type }) as unknown as Secret;
const config = (auths: Record<string, unknown>): Secret => secret({ '.dockerconfigjson': base64({ auths }) });
const login = (username: string) => ({ auth: base64(`${username}:pass`) });

describe('References to images', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const [text, expected] of [
    ['busybox', { registry: 'docker.io', repository: 'library/busybox' }], ['a/b:1', { registry: 'docker.io', repository: 'a/b', tag: '1' }],
    ['localhost/x', { registry: 'localhost', repository: 'x' }], ['r.example.com:5000/a/b/c:v1', { registry: 'r.example.com:5000', repository: 'a/b/c', tag: 'v1' }],
    [`index.docker.io/x@${digest}`, { registry: 'docker.io', repository: 'library/x', digest }], [`x:1@${digest}`, { registry: 'docker.io', repository: 'library/x', tag: '1', digest }],
  ] as const) {
    it(`reads ${text.slice(0, 40)}`, () => expect(parseReference(text)).to.deep.equal(expected));
  }

  for (const text of ['', 'UPPER', 'a//b', 'a:b:c', 'x@sha256:1', ':1', 'a b', '../x', 'x:', '-x', 'a'.repeat(600)]) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => expect(parseReference(text)).to.equal(undefined));
  }
});

describe('Pull secrets', () => {
  const users = (image: string, ...secrets: Secret[]) => credentialsFor(parseReference(image)!, secrets).map(({ username, identityToken }) => username ?? identityToken);

  it('are for the registries that they name, the nearest first', () => {
    const one = config({ 'https://index.docker.io/v1/': login('hub'), 'r.example.com': login('all'), 'r.example.com/team': login('team'), '*.example.com': login('any'), 'r.example.com:5000': login('port') });
    expect(users('busybox', one)).to.deep.equal(['hub']);
    expect(users('r.example.com/team/x', one)).to.deep.equal(['team', 'all', 'any']);
    expect(users('r.example.com/teams/x', one)).to.not.include('team');
    expect(users('r.example.com:5000/x', one)).to.deep.equal(['port']);
    expect(users('a.b.example.com/x', one)).to.deep.equal([]);
    expect(users('evil.com/r.example.com/x', one)).to.deep.equal([]);
  });

  it('are read in both forms, and not at all when they are broken', () => {
    expect(users('r.io/x', secret({ '.dockercfg': base64({ 'r.io': { username: 'old', password: 'p' } }) }, 'kubernetes.io/dockercfg'))).to.deep.equal(['old']);
    expect(users('r.io/x', config({ 'r.io': { identitytoken: 'tok' } }))).to.deep.equal(['tok']);
    for (const broken of [secret({}), secret({ '.dockerconfigjson': base64('{') }), secret({ '.dockerconfigjson': base64('[]') }), config({ 'r.io': 'x', 'r.io/': { auth: '!!' }, __proto__: {} })]) expect(users('r.io/x', broken)).to.deep.equal([]);
  });

  it('are used for pulling, one after the other', async () => {
    const lab = await PodLab.start();
    try {
      await lab.client.create(Secret, { metadata: { namespace: 'default', name: 'pull' }, type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64({ auths: { 'r.io/a': login('first'), 'r.io': login('second') } }) } });
      lab.runtime.registry.set('r.io/a/x:1', { id: 'sha256:x', tags: [], digests: [], size: 1 });
      let refused = 0;
      lab.runtime.before = (call) => {
        if (call === 'pullImage' && refused++ === 0) throw new Error('denied');
      };
      await lab.create('web', { imagePullSecrets: [{ name: 'pull' }, { name: 'none' }], containers: [{ name: 'main', image: 'r.io/a/x:1' }] });
      await lab.untilReady('web');
      expect(lab.runtime.pulls.map(({ credentials }) => credentials)).to.deep.equal([{ username: 'second', password: 'pass', serverAddress: 'r.io' }]);
      expect(lab.eventsOf('web').find((event) => event.startsWith('Normal Pulled'))).to.match(/^Normal Pulled Successfully pulled image "r\.io\/a\/x:1" in 0s \(0s including waiting\)\. Image size: 1 bytes\.$/);
      expect(lab.eventsOf('web')).to.include('Warning FailedToRetrieveImagePullSecret Unable to retrieve some image pull secrets (none); attempting to pull the image may not succeed.');
    } finally {
      await lab.stop();
    }
  });

  it('are not asked for where an image was made on this machine and no registry answers', async () => {
    const lab = await PodLab.start();
    try {
      lab.runtime.addImage('mine:latest');
      lab.runtime.addImage('theirs:latest', { digests: [`theirs@sha256:${'a'.repeat(64)}`] });
      lab.runtime.before = (call) => {
        if (call === 'pullImage') throw new ProviderError('Unavailable', 'no route to host');
      };
      await lab.create('mine', { containers: [{ name: 'main', image: 'mine' }] });
      await lab.create('theirs', { containers: [{ name: 'theirs', image: 'theirs:latest' }] });
      lab.runtime.addImage('mine');
      await lab.untilReady('mine');
      await lab.until(async () => (await lab.get('theirs')).status.containerStatuses?.[0]?.state.waiting?.reason === 'ErrImagePull', 'ErrImagePull');
    } finally {
      await lab.stop();
    }
  });

  it('are of no use where the name is none', async () => {
    const lab = await PodLab.start();
    try {
      await lab.create('web', { containers: [{ name: 'main', image: 'Not An Image' }] });
      await lab.until(async () => (await lab.get('web')).status.containerStatuses?.[0]?.state.waiting?.reason === 'InvalidImageName', 'InvalidImageName');
    } finally {
      await lab.stop();
    }
  });
});
