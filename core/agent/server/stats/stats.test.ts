import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Machine } from '#core/agent/node/machine.ts';
import type { ContainerUsage } from '#core/spi/container-runtime.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { exposition } from './exposition.ts';
import { MachineSummary } from './node-figures.ts';
import { usageByPod } from './pod-usage.ts';
import { CpuRates } from './rates.ts';
import { jsonText, summaryOf } from './summary.ts';

const signal = new AbortController().signal;
const use = { device: 1n, capacity: 1000n, available: 400n, inodes: 50n, inodesFree: 20n };
const files: Readonly<Record<string, string>> = {
  '/proc/stat': 'cpu  100 20 30 4000 500 6 7 0 0 0\ncpu0 1 2 3\nbtime 1700000000\n',
  '/proc/meminfo': 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nSwapTotal:         0 kB\n',
  '/proc/net/dev': 'Inter-|   Receive\n face |bytes\n    lo: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n  eth0: 1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0\n',
  '/proc/loadavg': '0.1 0.2 0.3 3/512 12345\n', '/proc/sys/kernel/pid_max': '32768\n',
};
const machine = (texts: Readonly<Record<string, string>>): Machine => ({
  readText: async (path) => texts[path], list: async () => [], fileSystem: async (path) => (path === '/gone' ? Promise.reject(new Error('ENOENT')) : use), interfaces: () => ({}), hostname: () => 'h', processors: () => 2, kernelVersion: () => '6',
});
const usage = (id: string, seconds: number, cpu: bigint): ContainerUsage => ({ id, time: Date.UTC(2026, 0, 1) + seconds * 1000, cpuNanoseconds: cpu, memoryUsage: 30n, memoryWorkingSet: 20n, writableLayer: 5n });
const pod = {
  metadata: { namespace: 'ns', name: 'web', uid: 'u1' }, spec: {},
  status: { startTime: '2026-01-01T00:00:00Z', containerStatuses: [{ name: 'a', containerID: 'docker://c1', state: { running: { startedAt: '2026-01-01T00:00:01Z' } } }, { name: 'b', containerID: 'docker://c2', state: {} }, { name: 'c', state: {} }] },
} as unknown as Pod;

describe('figures of a node', () => {
  it('are read from the machine', async () => {
    const figures = await new MachineSummary('n1', machine(files), new FakeClock(), { rootDir: '/', imageFileSystem: async () => '/images' }).read(signal);
    expect(figures).to.deep.equal({
      time: Date.UTC(2025, 0, 1), startedAt: 1_700_000_000_000, cpuNanoseconds: 1_630_000_000n, memory: { total: 1_024_000n, available: 409_600n, swap: 0n }, fs: use, imageFs: use,
      interfaces: [{ name: 'eth0', rxBytes: 1000n, rxErrors: 1n, txBytes: 2000n, txErrors: 2n }], processes: { running: 512, most: 32_768 },
    });
  });

  it('are left out where the machine does not tell', async () => {
    const { interfaces, ...figures } = await new MachineSummary('n1', machine({}), new FakeClock(), { rootDir: '/gone', imageFileSystem: () => Promise.reject(new Error('no engine')) }).read(signal);
    expect(interfaces).to.deep.equal([]);
    expect(Object.entries(figures).filter(([, value]) => value !== undefined)).to.deep.equal([['time', Date.UTC(2025, 0, 1)]]);
  });

  it('make a summary with rates since the one before', async () => {
    const rates = new CpuRates();
    const node = { time: Date.UTC(2026, 0, 1), cpuNanoseconds: 10n ** 16n + 1n, fs: use, interfaces: [] };
    const first = JSON.parse(jsonText(summaryOf('n1', node, usageByPod([pod], [usage('c1', 0, 1_000_000_000n), usage('c2', 0, 0n), usage('stranger', 0, 9n)]), rates)));
    expect(first.node).to.deep.equal({
      nodeName: 'n1', cpu: { time: '2026-01-01T00:00:00Z', usageCoreNanoSeconds: 10_000_000_000_000_000 },
      fs: { time: '2026-01-01T00:00:00Z', availableBytes: 400, capacityBytes: 1000, usedBytes: 600, inodesFree: 20, inodes: 50, inodesUsed: 30 },
    });
    const second = JSON.parse(jsonText(summaryOf('n1', { ...node, time: node.time + 2000, cpuNanoseconds: 10n ** 16n + 4_000_000_000n }, usageByPod([pod], [usage('c1', 2, 2_000_000_000n), usage('c2', 2, 0n)]), rates)));
    expect(second.node.cpu.usageNanoCores).to.equal(1_999_999_999);
    expect(second.pods).to.deep.equal([{
      podRef: { name: 'web', namespace: 'ns', uid: 'u1' }, startTime: '2026-01-01T00:00:00Z',
      containers: [
        { name: 'a', startTime: '2026-01-01T00:00:01Z', cpu: { time: '2026-01-01T00:00:02Z', usageNanoCores: 500_000_000, usageCoreNanoSeconds: 2_000_000_000 }, memory: { time: '2026-01-01T00:00:02Z', usageBytes: 30, workingSetBytes: 20 }, rootfs: { time: '2026-01-01T00:00:02Z', usedBytes: 5 } },
        { name: 'b', startTime: null, cpu: { time: '2026-01-01T00:00:02Z', usageNanoCores: 0, usageCoreNanoSeconds: 0 }, memory: { time: '2026-01-01T00:00:02Z', usageBytes: 30, workingSetBytes: 20 }, rootfs: { time: '2026-01-01T00:00:02Z', usedBytes: 5 } },
      ],
      cpu: { time: '2026-01-01T00:00:02Z', usageNanoCores: 500_000_000, usageCoreNanoSeconds: 2_000_000_000 }, memory: { time: '2026-01-01T00:00:02Z', usageBytes: 60, workingSetBytes: 40 },
    }]);
  });

  it('have no rate from samples that are too close, nor after a counter began anew', () => {
    const rates = new CpuRates();
    const at = (time: number, cpu: bigint): bigint | undefined => {
      const rate = rates.rateOf('c', time, cpu);
      rates.turn();
      return rate;
    };
    expect([at(0, 0n), at(1000, 500n), at(1999, 900n), at(2000, 1500n), at(4000, 100n), at(6000, 300n)]).to.deep.equal([undefined, 500n, 500n, 1000n, 1000n, 100n]);
    rates.turn();
    expect(rates.rateOf('c', 8000, 500n), 'forgotten').to.equal(undefined);
  });

  it('are written as Prometheus reads them, whatever a label says', () => {
    expect(exposition([{ name: 'm', help: 'Help', type: 'gauge', samples: [{ labels: { l: 'a"b\\c\nd' }, value: 0.5, time: 12.4 }, { value: 1 }] }, { name: 'none', help: '', type: 'counter', samples: [] }]))
      .to.equal('# HELP m Help\n# TYPE m gauge\nm{l="a\\"b\\\\c\\nd"} 0.5 12\nm 1\n');
  });
});
