import { expect } from 'chai';
import { readYaml, type YamlBounds } from './yaml-thread.ts';

const elsewhere: YamlBounds = { characters: 0, withinMs: 30_000, megabytes: 512 };
const sentence = (text: string, bounds?: YamlBounds): Promise<string> => readYaml(text, true, bounds).then(() => '', (error: unknown) => (error as Error).message);

describe('readYaml', () => {
  it('reads the same, here and in a thread', async () => {
    const text = 'a: 1\nb:\n- x\n- {y: ~}\n__proto__: {c: true}\nc: &c [1.5, "2"]\nd: *c\na: 2\n';
    const [here, there] = [await readYaml(text, true), await readYaml(text, true, elsewhere)];
    expect(here.value).to.deep.equal(JSON.parse('{"a":2,"b":["x",{"y":null}],"__proto__":{"c":true},"c":[1.5,"2"],"d":[1.5,"2"]}'));
    expect(there).to.deep.equal(here);
    expect(here.duplicates).to.deep.equal(['line 8: key "a" already set in map']);
    expect((await readYaml(text, false)).duplicates).to.deep.equal([]);
  });

  it('finds keys that are given twice in the time that it takes to read them', async () => {
    const { duplicates } = await readYaml(`x:\n  "q": 1\n  q: 2\n${Array.from({ length: 4000 }, (_, i) => `k${i}: v\n`).join('')}k7: w\n`, true);
    expect(duplicates).to.have.members(['line 3: key "q" already set in map', 'line 4004: key "k7" already set in map']);
    const before = process.threadCpuUsage();
    await readYaml(Array.from({ length: 20_000 }, (_, i) => `k${i}: v\n`).join(''), true, { ...elsewhere, characters: 1e6 });
    // Compared each with each they take 6 s.
    expect(process.threadCpuUsage(before).user / 1000, 'ms').to.be.lessThan(2000);
  });

  it('says in the same words what is wrong', async () => {
    for (const text of ['a: [', '"', 'a: b\n---\nc: d\n']) expect(await sentence(text, elsewhere), text).to.equal(await sentence(text)).and.not.equal('');
    expect(await sentence('['.repeat(1500) + ']'.repeat(1500), elsewhere)).to.match(/nests deeper than 1000 levels/);
  });

  it('keeps nobody waiting for a long text, and reads one at a time', async function () {
    this.timeout(30_000);
    const text = 'k: v\n'.repeat(40_000);
    const before = process.threadCpuUsage();
    const bodies = await Promise.all([readYaml(text, false), readYaml(text, false)]);
    const { user, system } = process.threadCpuUsage(before);
    expect(bodies.map(({ value }) => value)).to.deep.equal([{ k: 'v' }, { k: 'v' }]);
    expect((user + system) / 1000, 'ms of this thread').to.be.lessThan(150);
  });

  it('gives up when it takes too long, or too much memory', async function () {
    this.timeout(30_000);
    const text = '['.repeat(1_000_000);
    expect(await sentence(text, { ...elsewhere, withinMs: 1 })).to.equal('it takes longer than 0.001 s to read');
    expect(await sentence(text, { ...elsewhere, megabytes: 8 })).to.equal('it takes too much memory to read');
  });
});
