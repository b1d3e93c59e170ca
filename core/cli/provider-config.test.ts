import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { KeelsonModule } from '#core/kernel/module.ts';
import { ProviderConfig } from './provider-config.ts';

describe('settings of providers', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-config-'));
  });
  afterEach(() => rm(dir, { recursive: true }));
  const read = async (text: string): Promise<ProviderConfig> => {
    await writeFile(join(dir, 'c.yaml'), text);
    return ProviderConfig.read(join(dir, 'c.yaml'));
  };
  const module = (name: string) => ({ name }) as KeelsonModule;
  const failure = async (call: Promise<unknown>): Promise<string> => call.then(() => 'none', (error: unknown) => String(error).replaceAll(dir, 'DIR'));

  it('are a section for each', async () => {
    const config = await read('local:\n  poolSize: 20Gi\naws: {region: eu-west-1}\nempty:\n');
    expect([module('local'), module('aws'), module('empty'), module('gcp')].map((one) => config.of(one)))
      .to.deep.equal([{ config: { poolSize: '20Gi' } }, { config: { region: 'eu-west-1' } }, {}, {}]);
    expect(() => config.checkSections([module('local'), module('aws'), module('empty')])).not.to.throw();
    expect(() => config.checkSections([module('local'), module('empty')])).to.throw('has settings of "aws", which is none of the providers: local, empty');
  });

  it('are none without a file, and of an empty one', async () => {
    expect((await ProviderConfig.read('')).of(module('local'))).to.deep.equal({});
    expect((await read('')).of(module('local'))).to.deep.equal({});
  });

  it('say what is wrong with the file', async () => {
    expect(await failure(ProviderConfig.read(join(dir, 'missing.yaml')))).to.include('--provider-config DIR/missing.yaml cannot be read: ENOENT');
    expect(await failure(read('a: [b'))).to.include('--provider-config DIR/c.yaml is not YAML: ');
    for (const text of ['- local', 'local: 5', 'text']) expect(await failure(read(text)), text).to.include('must have a section of settings for each provider');
  });

  it('do not take what every object has for a section', async () => {
    expect((await read('local: {}')).of(module('constructor'))).to.deep.equal({});
  });
});
