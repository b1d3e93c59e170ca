import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Container } from 'inversify';
import { VolumeDriver } from '#core/spi/volume-driver.ts';
import { volumeDriverConformance } from '#test/conformance/volume-driver.ts';
import { FolderVolumeDriver } from './folder-driver.ts';
import { keelsonModule } from './folder.module.ts';

async function platform() {
  const root = await mkdtemp(join(tmpdir(), 'keelson-folder-'));
  return { driver: new FolderVolumeDriver(root), volumes: () => readdir(join(root, 'volumes')).catch(() => []), cleanup: () => rm(root, { recursive: true }) };
}

volumeDriverConformance('the example of a driver', platform);

describe('the example of a driver', () => {
  it('has fewer than 60 lines', async () => {
    const source = await readFile(new URL('folder-driver.ts', import.meta.url), 'utf8');
    expect(source.trimEnd().split('\n').length).to.be.below(60);
  });

  it('is what its module binds', () => {
    const container = new Container();
    container.load(keelsonModule.create({ stateDir: '/nowhere', nodeName: 'node-1' }));
    expect(container.getAll(VolumeDriver).map(({ name }) => name)).to.deep.equal(['folder.example.com']);
  });
});
