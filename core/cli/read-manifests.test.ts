import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readManifests } from './read-manifests.ts';

describe('reading manifests', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-manifests-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  const names = async (path: string): Promise<unknown[]> => (await readManifests(path)).map(({ kind, object }) => [kind, (object['metadata'] as { name: string }).name]);
  const failure = async (name: string, text: string): Promise<string> => readManifests(await write(name, text)).then(() => 'nothing', (error: Error) => error.message);
  const map = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

  it('takes all documents of a file, without empty ones, and the items of lists', async () => {
    const path = await write('all.yaml', `# a comment\n---\n${map('a')}---\n---\n${map('b')}---\napiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret, metadata: {name: c}}]\n`);
    expect(await names(path)).to.deep.equal([['ConfigMap', 'a'], ['ConfigMap', 'b'], ['Secret', 'c']]);
  });

  it('takes the YAML and JSON files of a folder by their names, and nothing else', async () => {
    await write('2.yml', map('second'));
    await write('1.json', '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "first"}}');
    await write('3.yaml.orig', map('none'));
    await mkdir(join(dir, 'below'));
    await write('below/4.yaml', map('none'));
    expect(await names(dir)).to.deep.equal([['ConfigMap', 'first'], ['ConfigMap', 'second']]);
  });

  it('keeps odd keys as they are', async () => {
    const [odd] = await readManifests(await write('odd.yaml', `${map('a')}data:\n  __proto__: x\n`));
    expect(Object.keys(odd?.object['data'] as object)).to.deep.equal(['__proto__']);
  });

  it('names the file and what is wrong with it', async () => {
    expect(await readManifests(join(dir, 'none')).catch((error: Error) => error.message)).to.equal(`${join(dir, 'none')} cannot be read`);
    expect(await failure('a.yaml', 'a: [\n')).to.match(/a\.yaml is not YAML: .* at line 2, column 1$/);
    expect(await failure('b.yaml', 'a: 1\na: 2\n')).to.equal(`${join(dir, 'b.yaml')} is not YAML: Map keys must be unique at line 2, column 1`);
    expect(await failure('c.yaml', '- 1\n')).to.equal(`${join(dir, 'c.yaml')} holds something that is no object: [1]`);
    expect(await failure('d.yaml', 'kind: X\n')).to.equal(`${join(dir, 'd.yaml')} holds an object without apiVersion and kind`);
    expect(await failure('e.yaml', 'apiVersion: v1\nkind: List\nitems: [3]\n')).to.equal(`${join(dir, 'e.yaml')} holds something that is no object: 3`);
  });
});
