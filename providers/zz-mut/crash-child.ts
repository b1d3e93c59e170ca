import { writeSync } from 'node:fs';
import { forEachOf } from './for-each-of.ts';
import { MIB, never, Platform, volumeRequest } from './test-platform.ts';

/** Makes the volumes of the names given, 20 at once, and writes each name when it is made; until it is killed. */
const [folder = '', ...names] = process.argv.slice(2);
const { driver } = new Platform(folder, {});
await forEachOf(names, 20, async (name) => {
  await driver.create(volumeRequest({ name, capacity: { required: MIB }, owner: { namespace: 'default', name: 'claim', uid: name.slice('pvc-'.length) } }), never);
  writeSync(1, `${name}\n`);
});
