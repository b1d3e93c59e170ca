import { expect } from 'chai';
import { issuesText } from './issue.ts';
import { perCallLimit, runtimeCostBudget, staticCostLimit, staticCrdCostLimit } from './limits.ts';
import { CelError, CelProgram, compile, environment, type CelEnvironment, type CompileOptions } from './program.ts';
import { typeText } from './signature.ts';
import * as t from './types.ts';

const env = environment({
  variables: { self: t.objectOf('self', { a: t.int, b: t.stringOf({ maxLength: 10 }) }), oldSelf: t.dyn, 'authorizer.requestResource': t.string, authorizer: t.dyn, params: t.dyn, x: t.int },
});

function compiled(source: string, inside: CelEnvironment = env, options?: CompileOptions): CelProgram {
  const program = compile(inside, source, options);
  if (program instanceof CelProgram) return program;
  throw new Error(issuesText(source, program.errors));
}

const issues = (source: string, options?: CompileOptions): string => {
  const program = compile(env, source, options);
  return program instanceof CelProgram ? '' : issuesText(source, program.errors);
};

describe('CEL: programs', () => {
  it('tell their type', () => {
    const types: readonly (readonly [string, string])[] = [
      ['1', 'int'], ['[1u]', 'list(uint)'], ["{'a': 1.0}", 'map(string, double)'], ['self.b', 'string'], ['oldSelf', 'dyn'], ['oldSelf.a == 1', 'bool'], ['optional.of(b"")', 'optional_type(bytes)'],
      ['self', 'self'], ['type(1)', 'type(int)'], ["url('a://b')", 'kubernetes.URL'], ['null', 'null'], ['[]', 'list(dyn)'], ["duration('1s')", 'duration'], ['x > 1 ? oldSelf : 1', 'dyn'],
    ];
    for (const [source, type] of types) expect(typeText(compiled(source).type), source).to.equal(type);
  });

  it('tell the variables that they use, and no others', () => {
    const uses = (source: string): string[] => [...compiled(source).uses].toSorted();
    expect(uses('self.a == oldSelf.a')).to.deep.equal(['oldSelf', 'self']);
    expect(uses('true')).to.deep.equal([]);
    expect(uses('[1].all(self, self > 0)')).to.deep.equal([]);
    expect(uses('[self.a].all(self, self > x)')).to.deep.equal(['self', 'x']);
    expect(uses('authorizer.requestResource == "a"')).to.deep.equal(['authorizer.requestResource']);
    expect(uses('authorizer.path == "a"')).to.deep.equal(['authorizer']);
    expect(uses('has(params.a) || false')).to.deep.equal(['params']);
  });

  it('must evaluate to what is wanted', () => {
    expect(issues('1', { returns: [t.bool] })).to.equal('ERROR: <input>:1:1: must evaluate to bool\n | 1\n | ^');
    expect(issues('self.a', { returns: [t.string, t.nullType] })).to.equal('ERROR: <input>:1:1: must evaluate to one of [string null]\n | self.a\n | ^');
    expect(issues('self.b', { returns: [t.string, t.nullType] })).to.equal('');
    expect(issues('oldSelf.a', { returns: [t.bool] })).to.contain('must evaluate to bool');
    expect(issues('foo', { returns: [t.bool] })).to.contain("undeclared reference to 'foo'").and.not.to.contain('must evaluate');
  });

  it('report all mistakes of types, each at its place', () => {
    expect(issues('self.c == 1 ||\n  y + self.d > z')).to.equal([
      "ERROR: <input>:1:5: undefined field 'c'\n | self.c == 1 ||\n | ....^",
      "ERROR: <input>:2:3: undeclared reference to 'y' (in container '')\n |   y + self.d > z\n | ..^",
      "ERROR: <input>:2:11: undefined field 'd'\n |   y + self.d > z\n | ..........^",
      "ERROR: <input>:2:16: undeclared reference to 'z' (in container '')\n |   y + self.d > z\n | ...............^",
    ].join('\n'));
  });

  it('are evaluated any number of times, and keep nothing', () => {
    const program = compiled('self.a + (has(self.b) ? size(self.b) : 0)');
    const results = [{ a: 1 }, { a: 2, b: 'xyz' }, { a: 3 }].map((self) => program.evaluate({ self }));
    expect(results).to.deep.equal([{ value: 1, cost: 4 }, { value: 5, cost: 7 }, { value: 3, cost: 4 }]);
    expect(program.evaluate({ self: { a: 1 } })).to.deep.equal(results[0]);
  });

  it('fail for a missing variable only where it matters', () => {
    expect(compiled('x == 1 || true').evaluate({}).value).to.equal(true);
    expect(() => compiled('x == 1').evaluate({})).to.throw(CelError, 'no such attribute(s): x');
    expect(() => compiled('self.a').evaluate({ __proto__: { self: { a: 1 } } })).to.throw(CelError, 'no such attribute(s): self');
  });

  it('cost what they may cost, and not one unit more', () => {
    const program = compiled('[1, 2, 3].all(i, i + x > 0)');
    const { cost } = program.evaluate({ x: 1 });
    expect(program.evaluate({ x: 1 }, { budget: cost }).value).to.equal(true);
    for (let budget = 0; budget < cost; budget++) {
      expect(() => program.evaluate({ x: 1 }, { budget })).to.throw(CelError, 'operation cancelled: actual cost limit exceeded').with.property('exhausted', true);
    }
  });

  it('never cost more than the estimate', () => {
    const sources = [
      'self.a > 1 && self.b.startsWith("x")', 'self.b.matches("^[a-z]+$") ? self.b + self.b : "none"', '[self.a, 1, 2].exists(i, i == self.a)', "self.b.split('').map(c, c + c).join('') == 'a'",
      "self.b.replace('a', 'bb').upperAscii().contains('B')", '{"a": self.b}.all(k, k.size() < self.a)', "[self.b, self.b].isSorted() && self.b.indexOf('z') < 0", "quantity(self.b).isLessThan(quantity('1'))",
    ];
    for (const source of sources) {
      const program = compiled(source);
      for (const b of ['', 'a', 'abcdefghij']) {
        let cost: number;
        try {
          cost = program.evaluate({ self: { a: 2, b } }).cost;
        } catch (error) {
          cost = (error as CelError).cost;
        }
        expect(cost, `${source} of '${b}'`).to.be.at.most(program.estimatedCost().max);
      }
    }
  });

  it('have Kubernetes’ limits at hand', () => {
    expect([perCallLimit, runtimeCostBudget, staticCostLimit, staticCrdCostLimit]).to.deep.equal([1e6, 1e7, 1e7, 1e8]);
  });
});
