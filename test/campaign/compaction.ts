import { expect } from 'chai';
import { percentile, printTable } from '#test/bench/table.ts';
import { inFolder } from './folder.ts';
import { updateAll, type UpdateReport } from './updates.ts';

const megabyte = 1024 * 1024;
/** What the README of the store promises. */
const bounds = { fileMegabytes: 450, logMegabytes: 16, p99Ms: 100, maxMs: 1000 };

/** A million updates of leases and objects at full speed, compacted as the API server does it. */
export async function compaction(): Promise<void> {
  const report = await inFolder((folder) => updateAll(folder, {
    updates: 1_000_000, writers: 64, keys: 10_000, characters: 1000, compactEveryCharacters: 128 * megabyte, seed: 1,
  }));
  print(report);
  expect(report.compactions, 'compactions').to.be.at.least(4);
  expect(Math.max(...report.samples.map(({ fileBytes }) => fileBytes)) / megabyte, 'MB of the file').to.be.below(bounds.fileMegabytes);
  expect(Math.max(...report.samples.map(({ logBytes }) => logBytes)) / megabyte, 'MB of the write-ahead log').to.be.below(bounds.logMegabytes);
  for (const times of [report.during, report.otherwise]) {
    expect(percentile(times, 0.99), 'p99 ms of a write').to.be.below(bounds.p99Ms);
    expect(percentile(times, 1), 'longest ms of a write').to.be.below(bounds.maxMs);
  }
}

function print({ seconds, samples, compactions, during, otherwise }: UpdateReport): void {
  printTable('Sizes over time', ['updates', 's', 'file MB', 'log MB'], samples.map((sample) => [sample.updates.toLocaleString('en'), sample.seconds, sample.fileBytes / megabyte, sample.logBytes / megabyte]));
  printTable(`${((during.length + otherwise.length) / seconds).toFixed(0)} updates a second, ${compactions} compactions; milliseconds of a write`, ['', 'writes', 'p50', 'p99', 'p99.9', 'longest'], [
    ['while a compaction runs', during] as const, ['otherwise', otherwise] as const,
  ].map(([title, times]) => [title, times.length, percentile(times, 0.5), percentile(times, 0.99), percentile(times, 0.999), percentile(times, 1)]));
}
