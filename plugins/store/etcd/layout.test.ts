import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { Layout, type KeySpan } from './layout.ts';

const covers = (span: KeySpan | undefined, key: string): boolean =>
  span !== undefined && Buffer.compare(Buffer.from(key), Buffer.from(span.key)) >= 0 && Buffer.compare(Buffer.from(key), span.rangeEnd) < 0;

describe('the layout of keys in etcd', () => {
  const registry = new Layout('/registry', '/registry/');
  const moved = new Layout('/tenants/a/', '/registry/');
  const plain = new Layout('/kit', '');

  it('keeps keys as they are, or puts them below another prefix', () => {
    expect(registry.toEtcd('/registry/pods/default/x')).to.equal('/registry/pods/default/x');
    expect(moved.toEtcd('/registry/pods/default/x')).to.equal('/tenants/a/pods/default/x');
    expect(plain.toEtcd('a')).to.equal('/kit/a');
    for (const [layout, key] of [[registry, '/registry/a'], [moved, '/registry/a'], [plain, 'é']] as const) expect(layout.fromEtcd(layout.toEtcd(key))).to.equal(key);
  });

  it('takes no key outside of its prefix, and none that would be the marker', () => {
    for (const key of ['/registry/', '/registry', 'pods', '', '/registry/\ud800']) {
      expect(() => registry.toEtcd(key)).to.throw().that.satisfies((error: unknown) => ProviderError.is(error, 'Invalid'));
      expect(registry.holds(key)).to.equal(false);
    }
    expect(registry.fromEtcd('/registry/')).to.equal(undefined);
  });

  it('has spans that hold the keys of a prefix, and never the marker', () => {
    for (const prefix of ['', '/', '/reg', '/registry/']) {
      expect(covers(registry.span(prefix), '/registry/a')).to.equal(true);
      expect(covers(registry.span(prefix), '/registry/\u{10ffff}')).to.equal(true);
      expect(covers(registry.span(prefix), '/registry/')).to.equal(false);
      expect(covers(registry.span(prefix), '/registry0')).to.equal(false);
    }
    expect(covers(registry.span('/registry/p'), '/registry/pods')).to.equal(true);
    expect(covers(registry.span('/registry/p'), '/registry/q')).to.equal(false);
    expect(covers(plain.span('p/\uffff'), '/kit/p/\uffff😀')).to.equal(true);
    expect(covers(plain.span('p/\uffff'), '/kit/p/😀')).to.equal(false);
    for (const prefix of ['/other', 'x', '\ud800']) expect(registry.span(prefix)).to.equal(undefined);
  });

  it('goes on after a key, in the order of bytes', () => {
    expect(covers(registry.span('/registry/', '/registry/b'), '/registry/b')).to.equal(false);
    expect(covers(registry.span('/registry/', '/registry/b'), '/registry/b\0')).to.equal(true);
    expect(covers(registry.span('/registry/', '/registry/\uffff'), '/registry/😀')).to.equal(true);
    expect(covers(registry.span('/registry/', 'a'), '/registry/a')).to.equal(false);
    expect(covers(registry.span('/registry/', '/'), '/registry/a')).to.equal(true);
    expect(registry.span('/registry/a', '/registry/b')).to.equal(undefined);
  });

  it('has a span of all that a watch must see, with the marker', () => {
    expect(covers(moved.everything, '/tenants/a/')).to.equal(true);
    expect(covers(moved.everything, '/tenants/a/z')).to.equal(true);
    expect(covers(moved.everything, '/tenants/a')).to.equal(false);
    expect(covers(moved.everything, '/tenants/ab/x')).to.equal(false);
  });
});
