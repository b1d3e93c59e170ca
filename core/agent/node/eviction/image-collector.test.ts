import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { Container, RuntimeImage } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { FakeMachine } from '#test/fixtures/fake-machine.ts';
import { ImageCollector } from './image-collector.ts';

const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as unknown as Node;
const gibi = 2 ** 30;

describe('ImageCollector', () => {
  const { signal } = new AbortController();
  let clock: FakeClock;
  let machine: FakeMachine;
  let images: RuntimeImage[];
  let used: string[];
  let removed: string[];
  let events: string[];
  let collector: ImageCollector;

  const image = (id: string, size: number, pulled = true): RuntimeImage => ({ id, tags: [`${id}:1`], digests: pulled ? [`${id}@sha256:00`] : [], size: size * gibi });

  beforeEach(() => {
    clock = new FakeClock();
    machine = new FakeMachine();
    [images, used, removed, events] = [[], [], [], []];
    const record = (_about: unknown, reason: string, message: string): void => void events.push(`${reason}: ${message}`);
    collector = new ImageCollector({
      clock, machine, logger: silentLogger, recorder: { normal: record, warning: record }, node: () => node, keep: ({ id }) => id === 'kept',
      runtime: {
        imageFileSystem: async () => '/var/lib/docker',
        listImages: async () => images,
        listContainers: async () => used.map((imageId) => ({ imageId, state: 'Exited' }) as Container),
        async removeImage(id) {
          if (id === 'stuck') throw new ProviderError('Unavailable', 'a container uses it');
          removed.push(id);
          images = images.filter((one) => one.id !== id);
        },
      },
    });
  });

  it('removes nothing while there is room', async () => {
    images = [image('a', 10)];
    machine.leaveDisk('/', 16n);
    await collector.look(signal);
    await clock.advance(300_000);
    await collector.look(signal);
    expect(removed).to.deep.equal([]);
  });

  it('removes the longest unused ones until there is room again', async () => {
    images = [image('a', 2), image('b', 2), image('c', 2), image('in-use', 50), image('kept', 50), image('imported', 50, false), image('stuck', 50)];
    used = ['in-use', 'a'];
    await collector.look(signal);
    await clock.advance(300_000);
    used = ['in-use', 'b'];
    await collector.look(signal);
    await clock.advance(300_000);
    used = ['in-use'];
    machine.leaveDisk('/', 13n);
    await collector.look(signal);
    expect(removed, 'never used, then longest unused; 7 GiB are wanted').to.deep.equal(['c', 'a', 'b']);
    expect(events).to.deep.equal([`FreeDiskSpaceFailed: Failed to garbage collect required amount of images. Attempted to free ${7 * gibi} bytes, but only found ${6 * gibi} bytes eligible to free.`]);
  });

  it('leaves images alone that have just come', async () => {
    images = [image('a', 2)];
    machine.leaveDisk('/', 5n);
    await collector.look(signal);
    expect(removed).to.deep.equal([]);
    await clock.advance(120_000);
    await collector.look(signal);
    expect(removed).to.deep.equal(['a']);
  });

  it('removes all that nothing uses when the node is short', async () => {
    images = [image('a', 2), image('b', 2), image('imported', 2, false)];
    used = ['b'];
    await collector.look(signal);
    await clock.advance(120_000);
    await collector.removeUnused(signal);
    expect(removed).to.deep.equal(['a']);
  });
});
