import { silentLogger } from '#core/kernel/logger.ts';
import { serviceProxyConformance } from '#test/conformance/service-proxy.ts';
import { labBench } from '#test/fixtures/iptables-bench.ts';
import { networkLabNeeds } from '#test/fixtures/network-lab.ts';
import { requires } from '#test/fixtures/requires.ts';
import { IptablesProxy } from './iptables-proxy.ts';

for (const ownsTables of [true, false]) {
  serviceProxyConformance(`IptablesProxy, with tables ${ownsTables ? 'of its own' : 'that others use too'}`,
    () => labBench(({ netns }) => new IptablesProxy({ logger: silentLogger, netns: `/run/netns/${netns}`, ownsTables })),
    { requires: requires(...networkLabNeeds) });
}
