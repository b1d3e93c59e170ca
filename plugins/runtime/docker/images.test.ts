import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { ImageRegistry } from '#test/fixtures/image-registry.ts';
import { requires, root } from '#test/fixtures/requires.ts';
import type { DockerRuntime } from './docker-runtime.ts';
import { pauseRepository } from './pause-image.ts';
import { tar } from './tar.ts';

const never = new AbortController().signal;
const credentials = { username: 'puller', password: 's3cret/+=?é' };

const layer = (text: string): Buffer => tar([{ path: 'file', content: Buffer.from(`${text} ${Math.random()}`) }]);

async function failure(promise: Promise<unknown>): Promise<[string, string]> {
  const error = await promise.then(() => new Error('it resolved'), (caught: unknown) => caught);
  if (!ProviderError.is(error)) throw error;
  return [error.reason, error.message];
}

describe('DockerRuntime and a registry', function () {
  this.timeout(60_000);
  let node: DockerNode;
  let registry: ImageRegistry;
  let runtime: DockerRuntime;

  before(requires(root, ...containers));
  beforeEach(async () => {
    node = await DockerNode.make();
    registry = await ImageRegistry.start();
    runtime = node.runtime();
  });
  afterEach(async () => {
    const images = await runtime.listImages(never);
    for (const image of images.filter(({ tags, digests }) => [...tags, ...digests].some((name) => name.startsWith(registry.address)))) await runtime.removeImage(image.id, never);
    await registry.stop();
    await node.remove();
  });

  it('pulls by tag and by digest', async () => {
    const digest = registry.add('acme/web', 'v1', layer('one'), { User: '1000:100' });
    const name = `${registry.address}/acme/web`;
    expect(await runtime.imageStatus(`${name}:v1`, never)).to.equal(undefined);
    const image = await runtime.pullImage(`${name}:v1`, undefined, never);
    expect(image).to.deep.include({ tags: [`${name}:v1`], digests: [`${name}@${digest}`], user: '1000' });
    expect(await runtime.pullImage(`${name}@${digest}`, undefined, never)).to.deep.equal(image);
    expect(await runtime.imageStatus(`${name}@${digest}`, never)).to.deep.equal(image);
    expect((await runtime.listImages(never)).filter(({ id }) => id === image.id)).to.deep.equal([image]);
  });

  it('follows a tag that moves, and removes an image with all its names', async () => {
    const name = `${registry.address}/acme/moves`;
    registry.add('acme/moves', 'latest', layer('one'));
    const first = await runtime.pullImage(name, undefined, never);
    registry.add('acme/moves', 'latest', layer('two'));
    const second = await runtime.pullImage(name, undefined, never);
    expect(second.id).not.to.equal(first.id);
    expect((await runtime.imageStatus(first.id, never))?.tags).to.deep.equal([]);
    await node.docker.getImage(second.id).tag({ repo: name, tag: 'other' });
    await runtime.removeImage(second.id, never);
    expect(await runtime.imageStatus(second.id, never)).to.equal(undefined);
    await runtime.removeImage(second.id, never);
    expect((await runtime.imageStatus(first.id, never))?.id).to.equal(first.id);
  });

  it('logs in with the credentials it is given, and says when they do not do', async () => {
    registry.password = credentials.password;
    registry.add('acme/secret', 'v1', layer('secret'));
    const name = `${registry.address}/acme/secret:v1`;
    for (const wrong of [undefined, { ...credentials, password: 'wrong' }]) {
      const [reason, message] = await failure(runtime.pullImage(name, wrong, never));
      expect(reason, message).to.equal('Invalid');
      expect(message).not.to.contain('s3cret');
    }
    expect((await runtime.pullImage(name, credentials, never)).tags).to.deep.equal([name]);
  });

  it('tells an image that is not there from a registry that is not', async () => {
    const [missing, sentence] = await failure(runtime.pullImage(`${registry.address}/acme/none:v1`, undefined, never));
    expect(missing).to.equal('NotFound');
    expect(sentence).to.contain(`cannot pull "${registry.address}/acme/none:v1": `).and.match(/not found|manifest unknown/);
    expect((await failure(runtime.pullImage('127.0.0.1:1/acme/web:v1', undefined, never)))[0]).to.equal('Unavailable');
    registry.mode = 'limited';
    expect((await failure(runtime.pullImage(`${registry.address}/acme/web:v1`, undefined, never)))[0]).to.equal('Throttled');
  });

  it('gives up a pull with the signal', async () => {
    registry.add('acme/slow', 'v1', layer('slow'));
    registry.mode = 'hang';
    const begun = performance.now();
    expect((await failure(runtime.pullImage(`${registry.address}/acme/slow:v1`, undefined, AbortSignal.timeout(500))))[0]).to.equal('Unavailable');
    expect(performance.now() - begun).to.be.lessThan(5000);
  });

  it('does not show its own image of sandboxes', async () => {
    const sandbox = await runtime.runSandbox({ pod: { namespace: 'default', name: 'web', uid: 'u' }, attempt: 0, hostname: 'web', namespaces: { network: 'pod', pid: 'pod', ipc: 'pod' }, sharedPid: false, sysctls: {}, labels: {} }, never);
    expect(sandbox.state).to.equal('Ready');
    const all = await node.docker.listImages();
    expect(all.some(({ RepoTags }) => RepoTags?.some((tag) => tag.startsWith(`${pauseRepository}:`)) === true)).to.equal(true);
    expect((await runtime.listImages(never)).filter(({ tags }) => tags.some((tag) => tag.includes('pause')))).to.deep.equal([]);
  });
});
