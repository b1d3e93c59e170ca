import { expect } from 'chai';
import { readOptions } from './options.ts';

describe('the options of npm run emulate:machines', () => {
  it('name clouds and a control plane', () => {
    expect(readOptions(['--aws', 'http://127.0.0.1:4566/', '--launch', '2', '--data-dir', '/tmp/data'])).to.deep.equal({
      aws: 'http://127.0.0.1:4566', gcp: undefined, launch: 2, zone: 'us-west-2a', gcpZone: 'us-central1-a', project: 'emulated-project', dataDir: '/tmp/data',
    });
    expect(readOptions(['--help'])).to.equal(undefined);
  });

  it('are refused by what is wrong with them', () => {
    expect(() => readOptions([])).to.throw('no cloud is named');
    expect(() => readOptions(['--aws', '4566'])).to.throw('--aws must be an address such as http://127.0.0.1:4566, not "4566"');
    for (const launch of ['-1', '1.5', 'two', '21']) expect(() => readOptions(['--gcp', 'http://127.0.0.1:4567', `--launch=${launch}`])).to.throw(`--launch must be a number from 0 to 20, not "${launch}"`);
    expect(() => readOptions(['--azure', 'x'])).to.throw('--azure');
  });
});
