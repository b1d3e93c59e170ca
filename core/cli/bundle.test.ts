import { expect } from 'chai';
import { needsFiles } from './bundle.ts';

describe('running from the bundle', () => {
  const bundles = ['up', 'up --provider local --store sqlite', 'up --store=memory', 'up --store etcd://10.0.0.1:2379,10.0.0.2:2379', 'up --store etcds://user:secret@etcd:2379', 'backup FILE --store sqlite', 'doctor', ''];
  for (const args of bundles) it(`goes with "${args}"`, () => expect(needsFiles(args.split(' '))).to.equal(false));

  const files = ['up --provider ./folders.ts', 'up --provider local --provider @acme/metal', 'up --provider=/opt/driver.js', 'up --store redis://localhost', 'up --store ./store.ts', 'doctor --provider locals'];
  for (const args of files) it(`does not go with "${args}"`, () => expect(needsFiles(args.split(' '))).to.equal(true));
});
