import { expect } from 'chai';
import { Container } from 'inversify';
import { KeyValueStore } from '#core/spi/key-value-store.ts';
import { MemoryStore } from './memory-store.ts';
import { keelsonModule } from './memory.module.ts';

describe('the memory store\'s module', () => {
  it('binds one store for all', () => {
    const container = new Container();
    container.load(keelsonModule.create({ stateDir: '/nowhere', nodeName: 'n' }));
    expect(keelsonModule.name).to.equal('memory');
    expect(container.get(KeyValueStore)).to.be.instanceOf(MemoryStore).and.equal(container.get(KeyValueStore));
  });
});
