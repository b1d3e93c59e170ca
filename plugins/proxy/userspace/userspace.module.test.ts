import { expect } from 'chai';
import { Container } from 'inversify';
import { Clock, systemClock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import { ServiceProxy } from '#core/spi/service-proxy.ts';
import { UserspaceProxy } from './userspace-proxy.ts';
import { keelsonModule } from './userspace.module.ts';

describe('the userspace proxy\'s module', () => {
  it('binds one proxy for all, which is closed with the process', () => {
    const container = new Container();
    container.bind(Clock).toConstantValue(systemClock);
    container.load(keelsonModule.create({ stateDir: '/nowhere', nodeName: 'n' }));
    expect(container.get(ServiceProxy)).to.be.instanceOf(UserspaceProxy).and.equal(container.get(ServiceProxy));
    expect(container.getAll(Component).map(({ name }) => name)).to.eql(['userspace proxy']);
  });
});
