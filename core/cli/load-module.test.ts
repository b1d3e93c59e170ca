import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { ContainerModule } from 'inversify';
import { builtIn } from './built-in.ts';
import { explainFailure, UsageError } from './failure.ts';
import { loadModule, loadModules } from './load-module.ts';

describe('loading a provider or store by name', () => {
  let dir: string;
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  const failureOf = async (promise: Promise<unknown>): Promise<Error> => promise.then(() => expect.fail('it loaded'), (error: Error) => error);

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-modules-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  for (const [kind, modules] of Object.entries(builtIn) as [keyof typeof builtIn, ReadonlyMap<string, string>][]) {
    for (const name of modules.keys()) {
      it(`finds the built-in ${kind} ${name}`, async () => {
        expect((await loadModule(kind, name)).name).to.equal(name);
      });
    }
  }

  it('takes a path', async () => {
    const path = await file('metal.mjs', 'export const keelsonModule = { name: "metal", create() {} };');
    expect((await loadModule('provider', path)).name).to.equal('metal');
    expect((await loadModule('provider', `./${relative(process.cwd(), path)}`)).name).to.equal('metal');
  });

  it('names what it cannot find, and what there is', async () => {
    expect(await failureOf(loadModule('store', 'etdc'))).to.be.instanceOf(UsageError).with.property('message').that.includes('store "etdc"').and.includes('sqlite, memory');
    expect(await failureOf(loadModule('provider', '@acme/keelson-metal'))).to.be.instanceOf(UsageError).with.property('message').that.includes('npm install @acme/keelson-metal');
    expect(await failureOf(loadModule('provider', './nowhere.ts'))).to.be.instanceOf(UsageError).with.property('message').that.includes('there is no file').and.includes('nowhere.ts');
    expect(await failureOf(loadModule('provider', 'local'.replace('l', ' ')))).to.be.instanceOf(UsageError).with.property('message').that.includes('nor a path');
  });

  it('takes an address, which names the module by its scheme, and hands it over', async () => {
    const settings = { stateDir: dir, nodeName: 'n' };
    for (const url of ['etcd://10.0.0.1:2379,10.0.0.2:2379/registry', 'etcds://h']) {
      const module = await loadModule('store', url);
      expect(module.name).to.equal('etcd');
      expect(module.create(settings)).to.be.instanceOf(ContainerModule);
    }
    expect((await failureOf(loadModule('store', 'etcd://h?colour=red').then((module) => module.create(settings)))).message).to.include('no option "colour"');
    expect((await failureOf(loadModule('store', 'etcd').then((module) => module.create(settings)))).message).to.include('--store etcd://HOST:2379');
    expect(await failureOf(loadModule('store', 'consul://h'))).to.be.instanceOf(UsageError).with.property('message').that.includes('store "consul" is neither built in');
  });

  it('does not print the password of an address', async () => {
    const message = (await failureOf(loadModules('store', ['etcd://me:secret@h', 'etcds://me:secret@h']))).message;
    expect(message).to.equal('store "etcd" is given twice: as etcd://…@h and as etcds://…@h');
  });

  it('does not take a store for a provider', async () => {
    expect(await failureOf(loadModule('provider', 'sqlite'))).to.be.instanceOf(UsageError);
  });

  it('refuses what exports no module', async () => {
    for (const [name, text] of [['empty.mjs', 'export {};'], ['unnamed.mjs', 'export const keelsonModule = { create() {} };'], ['idle.mjs', 'export const keelsonModule = { name: "idle" };']] as const) {
      expect(await failureOf(loadModule('provider', await file(name, text)))).to.be.instanceOf(UsageError).with.property('message').that.includes('exports no keelsonModule');
    }
  });

  it('keeps the cause when a module fails to load, also when what it imports is missing', async () => {
    const thrown = await failureOf(loadModule('provider', await file('throws.mjs', 'throw new Error("no such bus");')));
    expect(explainFailure(thrown)).to.match(/^provider ".*throws\.mjs" could not be loaded: no such bus$/);
    const lacking = await failureOf(loadModule('provider', await file('lacking.mjs', 'import "./gone.mjs";')));
    expect(lacking).to.not.be.instanceOf(UsageError);
    expect(explainFailure(lacking)).to.include('gone.mjs');
  });

  it('refuses the same module twice, also under two names', async () => {
    const one = await file('one.mjs', 'export const keelsonModule = { name: "metal", create() {} };');
    const two = await file('two.mjs', 'export const keelsonModule = { name: "metal", create() {} };');
    expect((await failureOf(loadModules('provider', [one, one]))).message).to.equal(`provider "metal" is given twice: as ${one} and as ${one}`);
    expect((await failureOf(loadModules('provider', [one, two]))).message).to.equal(`provider "metal" is given twice: as ${one} and as ${two}`);
  });
});
