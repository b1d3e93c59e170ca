import { ContainerModule } from 'inversify';
import { Clock } from '#core/kernel/clock.ts';
import { Component } from '#core/kernel/lifecycle.ts';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { ServiceProxy } from '#core/spi/service-proxy.ts';
import { UserspaceProxy, type UserspaceProxyOptions } from './userspace-proxy.ts';

export const userspace = (options: Omit<UserspaceProxyOptions, 'clock'> = {}): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind(UserspaceProxy).toResolvedValue((clock) => new UserspaceProxy({ ...options, clock }), [Clock]).inSingletonScope();
    bind(ServiceProxy).toService(UserspaceProxy);
    // What listens would keep the process alive.
    bind(Component).toResolvedValue((proxy): Component => ({ name: 'userspace proxy', start: () => Promise.resolve(), stop: () => proxy.remove() }), [UserspaceProxy]).inSingletonScope();
  });

/** One of its own, for who forwards something else than services. */
export const userspaceProxy = (options: UserspaceProxyOptions): ServiceProxy => new UserspaceProxy(options);

export const keelsonModule: KeelsonModule = { name: 'userspace', create: () => userspace() };
