import { silentLogger } from '#core/kernel/logger.ts';
import { serviceProxyConformance } from '#test/conformance/service-proxy.ts';
import { labBench } from '#test/fixtures/iptables-bench.ts';
import { networkLabNeeds } from '#test/fixtures/network-lab.ts';
import { requires } from '#test/fixtures/requires.ts';
import { IptablesProxy } from './iptables-proxy.ts';

serviceProxyConformance('IptablesProxy', () => labBench(({ netns }) => new IptablesProxy({ logger: silentLogger, netns: `/run/netns/${netns}` })), { requires: requires(...networkLabNeeds) });
