import { expect } from 'chai';
import type { LogLine } from '#core/spi/container-runtime.ts';
import { type Checks, collected, never } from './container-runtime-subject.ts';

const texts = (lines: readonly LogLine[]): string[] => lines.map(({ content }) => content.toString());

export function logChecks(checks: Checks): void {
  checks.define('keeps each line with its stream and its time in nanoseconds', async (subject) => {
    const before = Date.now();
    const id = await subject.script('echo one; sleep 0.05; echo two >&2; sleep 0.05; printf three');
    await subject.ended(id);
    const lines = await subject.lines(id);
    expect(lines.map(({ stream, content }) => [stream, content.toString()])).to.deep.equal([['stdout', 'one\n'], ['stderr', 'two\n'], ['stdout', 'three']]);
    for (const { time } of lines) {
      expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)$/);
      expect(Date.parse(time)).to.be.within(before - 2000, Date.now() + 2000);
    }
    expect(lines.map(({ time }) => time)).to.deep.equal(lines.map(({ time }) => time).toSorted());
  });

  for (const tty of [false, true]) {
    checks.define(`keeps what a program wrote, byte by byte${tty ? ', with a terminal' : ''}`, async (subject) => {
      const script = `i=0; while [ $i -lt 5000 ]; do printf x; i=$((i+1)); done | sed 's/x/0123456789/g'; printf '\\n\\nlast \\001\\002 2026-01-01T00:00:00.000000000Z x'`;
      const id = await subject.script(tty ? `stty raw; ${script}` : script, { tty });
      await subject.ended(id);
      const written = Buffer.concat((await subject.lines(id)).map(({ content }) => content)).toString('latin1');
      const expected = `${'0123456789'.repeat(5000)}\n\nlast \u0001\u0002 2026-01-01T00:00:00.000000000Z x`;
      expect(written.length).to.equal(expected.length);
      expect(written === expected, 'the same bytes').to.equal(true);
    });
  }

  checks.define('gives the last lines, and those since a moment', async (subject) => {
    const id = await subject.script('echo a; echo b; sleep 0.3; echo c; echo d');
    await subject.ended(id);
    expect(texts(await subject.lines(id, { tailLines: 3 }))).to.deep.equal(['b\n', 'c\n', 'd\n']);
    expect(texts(await subject.lines(id, { tailLines: 0 }))).to.deep.equal([]);
    expect(texts(await subject.lines(id, { tailLines: 100 }))).to.deep.equal(['a\n', 'b\n', 'c\n', 'd\n']);
    const [, , c] = await subject.lines(id);
    expect(texts(await subject.lines(id, { since: Date.parse(c?.time ?? '') }))).to.deep.equal(['c\n', 'd\n']);
    expect(texts(await subject.lines(id, { since: Date.now() + 60_000 }))).to.deep.equal([]);
  });

  checks.define('follows until the container ends', async (subject) => {
    const id = await subject.script('echo a; sleep 0.4; echo b; sleep 0.4; echo c');
    const came: [string, number][] = [];
    const begun = performance.now();
    for await (const { content } of subject.runtime.logs(id, { follow: true }, never)) came.push([content.toString(), performance.now() - begun]);
    expect(came.map(([text]) => text)).to.deep.equal(['a\n', 'b\n', 'c\n']);
    expect((came[2]?.[1] ?? 0) - (came[0]?.[1] ?? 0), 'milliseconds between the first and the last').to.be.greaterThan(400);
    expect((await subject.ended(id)).exitCode).to.equal(0);
  });

  checks.define('stops following when the signal aborts, or when nobody reads on', async (subject) => {
    const id = await subject.script('echo a; sleep 1000');
    const stop = new AbortController();
    const lines: string[] = [];
    for await (const { content } of subject.runtime.logs(id, { follow: true }, stop.signal)) {
      lines.push(content.toString());
      stop.abort();
    }
    expect(lines).to.deep.equal(['a\n']);
    for await (const line of subject.runtime.logs(id, { follow: true }, never)) {
      expect(line.content.toString()).to.equal('a\n');
      break;
    }
    expect(await collected(subject.runtime.logs(id, { follow: true }, AbortSignal.abort()))).to.deep.equal([]);
  });

  checks.define('has nothing to say of a container that has not started', async (subject) => {
    const id = await subject.create(await subject.sandbox());
    expect(await subject.lines(id)).to.deep.equal([]);
  });

  checks.define('gives a long log in order', async (subject) => {
    const id = await subject.script('seq 1 20000');
    await subject.ended(id);
    expect(texts(await subject.lines(id))).to.deep.equal(Array.from({ length: 20_000 }, (_each, index) => `${index + 1}\n`));
  });
}
