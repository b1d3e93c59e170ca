import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { toJson } from './json.ts';
import { maxSourceLength } from './limits.ts';
import { CelError, CelProgram, compile, environment } from './program.ts';
import * as t from './types.ts';

const env = environment({ variables: { self: t.dyn, items: t.listOf(t.int), name: t.string } });
const many = 200_000;

function problem(source: string): string {
  const program = compile(env, source);
  return program instanceof CelProgram ? '' : program.errors[0]?.message ?? 'no reason';
}

function attempt(source: string, activation: Record<string, unknown> = {}, budget?: number): unknown {
  const program = compile(env, source);
  if (!(program instanceof CelProgram)) return `compile: ${program.errors[0]?.message ?? ''}`;
  try {
    return toJson(program.evaluate(activation, budget === undefined ? {} : { budget }).value);
  } catch (error) {
    if (error instanceof CelError) return `${error.exhausted ? 'exhausted' : 'error'}: ${error.message}`;
    throw error;
  }
}

/** @returns milliseconds that it took. */
function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

describe('CEL: hostile sources', () => {
  it('may not be nested deeper than everything that walks them can go', () => {
    const deep = (open: string, inner: string, close: string): string => open.repeat(5000) + inner + close.repeat(5000);
    const sources = [
      deep('(', '1', ')'), deep('[', '1', ']'), deep('{1:', '1', '}'), '('.repeat(90_000), '['.repeat(90_000), '{'.repeat(90_000), 'f('.repeat(40_000), 'self['.repeat(15_000),
      deep('size(', "''", ')'), deep('has(', 'self.a', ')'), deep('true ? 1 : ', '2', ''), `1${' + 1'.repeat(20_000)}`, `self${'.a'.repeat(40_000)}`, `self${'[0]'.repeat(30_000)}`,
      `self${'.a()'.repeat(20_000)}`, `self${'.?a'.repeat(20_000)}`, `1${' == 1'.repeat(15_000)}`, deep('items.map(x, ', 'x', ')'), deep('-(', '1', ')'), deep('-!', 'true', ''),
    ];
    for (const source of sources) expect(problem(source), source.slice(0, 20)).to.match(/^(expression recursion limit exceeded: 250|Syntax error: )/);
    expect(problem(`${'('.repeat(200)}1${')'.repeat(200)}`)).to.equal('');
    expect(problem(`${'!'.repeat(90_001)}true`)).to.equal('');
  });

  it('may be long where that is not deep', () => {
    const chain = Array.from({ length: 10_000 }, () => '1 == 1').join(' && ');
    expect(attempt(chain)).to.equal(true);
    expect(attempt(`[${'1, '.repeat(30_000)}1].size()`)).to.equal(30_001);
    expect(attempt(`{${Array.from({ length: 8000 }, (_, i) => `${i}:1`).join(',')}}.size()`)).to.equal(8000);
    expect(problem('1'.repeat(90_000))).to.equal('Syntax error: invalid int literal');
    expect(problem(`'${'a'.repeat(90_000)}'`)).to.equal('');
    expect(problem(`1 ${' '.repeat(90_000)} // ${'/'.repeat(8000)}`)).to.equal('');
  });

  it('may not be longer than the limit, counted in code points', () => {
    expect(problem(`'${'a'.repeat(maxSourceLength - 1)}'`)).to.equal('expression code point size exceeds limit: size: 100001, limit 100000');
    expect(problem(`'${'👑'.repeat(maxSourceLength - 2)}'`)).to.equal('');
    expect(problem('('.repeat(10 * maxSourceLength))).to.match(/^expression code point size exceeds limit/);
  });

  it('of garbage give issues, never exceptions, in bounded time', () => {
    const words = [
      'self', 'items', 'name', '.', '?', '?.', '[', ']', '[?', '(', ')', '{', '}', ',', ':', '&&', '||', '!', '-', '+', '*', '/', '%', '==', '!=', '<', '<=', 'in', 'true', 'null', '1', '2u', '0x1F',
      '1.5', '9223372036854775808', '"a"', "'", '"', "r'", 'b"\\xff"', '\\', '\n', '//', '=', '&', '\u0000', '\ud800', '👑', 'has(', 'all(x,', '.map(x,', '.exists(i,v,', '.filter(', 'cel.bind(x,',
      'size(', '.size()', '.matches(', 'optional.of(', '.optMap(', 'type(', 'dyn(', 'string', '__proto__', 'constructor', '.toString', 'transformMapEntry(', '@result', '#',
    ];
    for (let seed = 1; seed <= 3000; seed++) {
      const random = seededRandom(seed);
      const source = Array.from({ length: 1 + Math.floor(random() * 14) }, () => words[Math.floor(random() * words.length)] ?? '').join(random() < 0.5 ? '' : ' ');
      const result = compile(env, source);
      if (result instanceof CelProgram) attempt(source, { self: { a: [1] }, items: [1, 2], name: 'n' }, 10_000);
      else expect(result.errors.every(({ message, line, column }) => message !== '' && line >= 1 && column >= 1), JSON.stringify(source)).to.equal(true);
    }
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      expect(() => attempt(String.fromCharCode(...Array.from({ length: 200 }, () => Math.floor(random() * (seed % 2 === 0 ? 128 : 65_536))))), `seed ${seed}`).not.to.throw();
    }
  });

  it('cut anywhere give issues with a place', () => {
    const source = "items.all(x, x > 1 && {'a': [1.5, ?self.?b]}[?'a'].optMap(v, v.size() == 2u).orValue(false) ? r'\\d' == b'\\x00' : !has(self.c.d)) // end";
    for (let end = 0; end < source.length - 8; end++) {
      const result = compile(env, source.slice(0, end));
      if (result instanceof CelProgram) continue;
      expect(result.errors[0]?.line).to.equal(1);
      expect(result.errors[0]?.column).to.be.within(1, end + 1);
    }
  });

  it('report a bounded number of mistakes', () => {
    const program = compile(env, `[${'a, '.repeat(20_000)}a]`);
    expect('errors' in program && program.errors.length).to.equal(100);
  });
});

describe('CEL: hostile work', () => {
  const numbers = `[${Array.from({ length: 100 }, (_, i) => i).join(',')}]`;
  const exceeded = 'exhausted: operation cancelled: actual cost limit exceeded';

  it('is stopped by the budget', () => {
    let loops = 'a == b';
    for (const name of ['g', 'f', 'e', 'd', 'c', 'b', 'a']) loops = `${numbers}.all(${name}, ${loops})`.replace('a == b', 'a + g >= 0');
    expect(attempt(loops)).to.equal(exceeded);
    expect(attempt('items.map(a, items.map(b, items.map(c, [a, b, c])))', { items: Array.from({ length: 300 }, (_, i) => i) })).to.equal(exceeded);
    expect(attempt('items.all(a, a >= 0)', { items: Array.from({ length: many }, (_, i) => i) }, 1000)).to.equal(exceeded);
    expect(attempt('items.all(a, items.exists(b, b < 0) || true)', { items: Array.from({ length: 3000 }, (_, i) => i) })).to.equal(exceeded);
  });

  it('is stopped where errors are absorbed, too', () => {
    expect(attempt('items.all(a, items.all(b, b >= 0)) || true', { items: Array.from({ length: 3000 }, (_, i) => i) })).to.equal(exceeded);
    expect(attempt('optional.of(items.map(a, items.map(b, b))).orValue([])', { items: Array.from({ length: 3000 }, (_, i) => i) })).to.equal(exceeded);
  });

  it('says what it cost until then', () => {
    const program = compile(env, 'items.all(a, a >= 0)');
    if (!(program instanceof CelProgram)) throw new Error('it does not compile');
    expect(() => program.evaluate({ items: [1, 2, 3, 4, 5] }, { budget: 12 })).to.throw(CelError).with.property('cost').within(13, 20);
    expect(program.evaluate({ items: [1, 2] }, { budget: 20 }).cost).to.be.below(20);
  });

  it('cannot double values beyond the budget', () => {
    const doubling = (start: string, times: number): string =>
      Array.from({ length: times }).reduceRight<string>((inner, _, i) => `cel.bind(v${i + 1}, v${i} + v${i}, ${inner})`, `v${times}.size()`).replace(/^/, `cel.bind(v0, ${start}, `).concat(')');
    expect(attempt(doubling('name', 4), { name: 'ab' })).to.equal(32);
    expect(timed(() => expect(attempt(doubling('name', 60), { name: 'ab' })).to.match(/^(exhausted|error): /))).to.be.below(5000);
    expect(timed(() => expect(attempt(doubling('items', 60), { items: [1] })).to.match(/^(exhausted|error): /))).to.be.below(5000);
  });

  it('cannot blow up strings', () => {
    const name = 'a'.repeat(20_000);
    const sources = [
      "name.replace('', name).replace('', name).size()", "name.split('').map(x, name).join(name).size()", "name.split('').map(x, name.split('')).size()",
      "name.replace('a', name).replace('a', name).lowerAscii().size()", "'%s%s%s%s'.format([name, name, name, name]).replace('a', name).replace('a', name).size()",
    ];
    for (const source of sources) expect(timed(() => expect(attempt(source, { name }), source).to.match(/^(exhausted|error): /)), source).to.be.below(5000);
  });

  it('cannot make optMap repeat itself without end', () => {
    const nested = Array.from({ length: 60 }).reduce<string>((inner) => `${inner}.optMap(x, x)`, 'optional.of(1)');
    expect(timed(() => expect(attempt(`${nested}.orValue(0)`)).to.match(/^(exhausted|compile): |^1$/))).to.be.below(5000);
    expect(attempt(`${Array.from({ length: 8 }).reduce<string>((inner) => `${inner}.optMap(x, x + 1)`, 'optional.of(1)')}.orValue(0)`)).to.equal(9);
  });

  it('cannot be done by regular expressions', () => {
    const name = `${'a'.repeat(100_000)}!`;
    const took = timed(() => {
      expect(attempt("name.matches('(a+)+$')", { name })).to.equal(false);
      expect(attempt("name.matches('(a|aa)*b')", { name })).to.equal(false);
      expect(attempt("name.matches('(.*)(.*)(.*)(.*)(.*)x')", { name })).to.equal(false);
    });
    expect(took).to.be.below(5000);
    expect(problem("name.matches('(((a{1000}){1000}){1000})')")).to.equal('invalid matches argument');
    const tooLarge = 'error: regular expression is too large when its repetitions are written out';
    for (const pattern of ['(((a{30}){30}){30})', 'x{1000}'.repeat(1000), `(${'ab?'.repeat(1000)}){900}`, `(${'(?:a|b)'.repeat(900)}){1,900}`]) {
      expect(timed(() => expect(attempt('name.matches(self)', { name: 'a', self: pattern }), pattern.slice(0, 20)).to.equal(tooLarge))).to.be.below(500);
    }
    expect(attempt('name.matches(self)', { name: 'a{1000}', self: String.raw`^\Qa{1000}\E$` })).to.equal(true);
    expect(attempt('name.matches(self)', { name: 'a', self: 'a'.repeat(20_000) })).to.equal('error: regular expression is longer than 10000 characters');
    expect(attempt('name.matches(self)', { name: 'a', self: `${'('.repeat(5000)}a` })).to.match(/^error: /);
    expect(attempt('name.matches(self)', { name: 'a', self: `${'('.repeat(4000)}a${')'.repeat(4000)}` })).to.match(/^error: |^true$/);
  });

  it('cannot be done by searching, which upstream charges too little for', () => {
    const name = 'a'.repeat(1_000_000);
    const tooLong = 'exhausted: operation cancelled: the expression takes too long';
    expect(timed(() => expect(attempt("(name + 'x!y').find('(a?){900}x$')", { name })).to.equal(tooLong))).to.be.below(1000);
    expect(timed(() => expect(attempt("name.findAll('a.*b|a').size()", { name })).to.equal(tooLong))).to.be.below(5000);
    const queries = `cel.bind(u, url('http://x/?' + name), [${'u.getQuery(), '.repeat(3000)}])`;
    expect(timed(() => expect(attempt(queries, { name })).to.equal(tooLong))).to.be.below(5000);
    expect(attempt("name.findAll('a{1,100}').size()", { name: name.slice(0, 100_000) })).to.equal(1000);
  });
});

describe('CEL: hostile values', () => {
  const self: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "list": [1], "deep": {}}');

  it('have no fields that they do not own', () => {
    expect(attempt('self.__proto__.polluted', { self })).to.equal(true);
    expect(attempt('has(self.__proto__) && has(self.constructor) && !has(self.toString)', { self })).to.equal(true);
    expect(attempt('has(self.list.length)', { self })).to.match(/^error: /);
    expect(attempt('has(self.toString) || has(self.hasOwnProperty) || "valueOf" in self || has({"a": 1}.toString)', { self })).to.equal(false);
    expect(attempt('has(self.__proto__)', { self: {} })).to.equal(false);
    expect(attempt("{'__proto__': 1}.__proto__ + {'__proto__': 2}['__proto__']")).to.equal(3);
    expect(JSON.stringify(attempt("{'__proto__': dyn({'a': 1})}"))).to.equal('{"__proto__":{"a":1}}');
    expect(attempt("[1, 2].map(x, {'__proto__': x}).filter(m, m['__proto__'] == 2).size()")).to.equal(1);
    expect(attempt("items.transformMap(i, v, {'__proto__': v})", { items: [1] })).to.be.an('object');
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('may be deep, and are not walked deeper than JavaScript can', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = { d: [deep] };
    expect(attempt('self == self', { self: deep })).to.match(/^(error|exhausted): /);
    expect(attempt('self.d[0].d[0].d.size()', { self: deep })).to.equal(1);
  });

  it('may be long', () => {
    const items = Array.from({ length: many }, (_, i) => i);
    expect(timed(() => expect(attempt('items.exists(x, x == 199999)', { items }, 10_000_000)).to.equal(true))).to.be.below(3000);
    expect(timed(() => attempt('items.all(x, items.all(y, x in items))', { items }))).to.be.below(5000);
    expect(timed(() => attempt('sets.equivalent(items, items)', { items }))).to.be.below(1000);
  });
});
