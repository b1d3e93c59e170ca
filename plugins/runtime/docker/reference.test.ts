import { expect } from 'chai';
import { imageIdOf, parseReference, referenceText } from './reference.ts';

const digest = `sha256:${'0a'.repeat(32)}`;
const full = (text: string): string | undefined => {
  const parsed = parseReference(text);
  return parsed === undefined ? undefined : referenceText(parsed);
};

describe('references of images', () => {
  for (const [text, expected] of [
    ['busybox', 'docker.io/library/busybox:latest'], ['busybox:1.36', 'docker.io/library/busybox:1.36'], ['acme/web', 'docker.io/acme/web:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest'], ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest'],
    ['localhost/x', 'localhost/x:latest'], ['localhost:5000/a/b/c:v1', 'localhost:5000/a/b/c:v1'], ['registry.k8s.io/pause:3.9', 'registry.k8s.io/pause:3.9'],
    ['[::1]:5000/x', '[::1]:5000/x:latest'], [`busybox@${digest}`, `docker.io/library/busybox@${digest}`], [`r.example/x:1@${digest}`, `r.example/x:1@${digest}`],
    ['a__b/c-d.e--f', 'docker.io/a__b/c-d.e--f:latest'], ['cafe', 'docker.io/library/cafe:latest'],
  ] as const) {
    it(`reads ${text}`, () => expect(full(text)).to.equal(expected));
  }

  for (const text of ['', ' ', 'A', 'UPPER/case', 'a b', 'a:b:c', 'a:', ':a', 'a@', 'a@sha256:12', '-a', 'a-', 'a//b', '/a', 'a/', '../a', 'a/../b', 'a?b', 'a#b', 'a%2fb', 'é', '__proto__', `a@${digest}@${digest}`, '0a'.repeat(32), `${'a/'.repeat(200)}b`, `a:${'x'.repeat(129)}`]) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => expect(parseReference(text)).to.equal(undefined));
  }

  it('reads what is very long in no time', () => {
    const begun = performance.now();
    for (const text of ['a'.repeat(100_000), 'a-'.repeat(50_000), 'a.'.repeat(50_000), `${'a'.repeat(250)}!`, `${'a-'.repeat(120)}!`, `${'a--'.repeat(80)}!`, `${'a.'.repeat(120)}_/x`]) expect(parseReference(text)).to.equal(undefined);
    expect(performance.now() - begun).to.be.lessThan(100);
  });

  it('tells ids from names', () => {
    expect(imageIdOf(digest)).to.equal(digest);
    expect(imageIdOf('0a'.repeat(32))).to.equal(digest);
    for (const text of ['0a0a0a', 'busybox', `sha256:${'0A'.repeat(32)}`, `${digest}/json`]) expect(imageIdOf(text)).to.equal(undefined);
  });
});
