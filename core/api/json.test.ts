import { expect } from 'chai';
import { parseJson } from './json.ts';
import { below, randomFrom, randomObject } from './patch/random-json.ts';
import { StatusError } from './status-error.ts';
import { deepEqual } from './value.ts';

function messageOf(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    if (StatusError.is(error, 'BadRequest')) return error.message;
    throw error;
  }
  return 'no error';
}

describe('parseJson', () => {
  it('gives the value and no duplicates', () => {
    const text = ` {"a": [1, -2.5e3, true, null, "x:\\\\\\"${'{['.repeat(1000)}y"], "b": {"a": {}}}\n`;
    expect(parseJson(text)).to.deep.equal({ value: JSON.parse(text), duplicates: [] });
  });

  it('finds duplicate keys at any depth, also escaped ones, once each', () => {
    const text = '{"spec":{"containers":[{"name":"a","\\u006eame":"b","name":"c"}],"x":1},"spec2":{"x":{"y":1,"y":2}},"__proto__":1,"__proto__":2}';
    const { value, duplicates } = parseJson(text);
    expect(duplicates).to.deep.equal(['spec.containers[0].name', 'spec2.x.y', '__proto__']);
    expect(value).to.have.nested.property('spec.containers[0].name', 'c');
  });

  it('stops counting at 100 duplicates', () => {
    const text = `{${Array.from({ length: 300 }, (_, i) => `"k${i}":1,"k${i}":2`).join()}}`;
    expect(parseJson(text).duplicates).to.have.length(100);
  });

  it('keeps __proto__ an ordinary key', () => {
    const { value } = parseJson('{"__proto__":{"polluted":true}}');
    expect(Object.keys(value as object)).to.deep.equal(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('has a sign for what is half a character, in texts and keys, and leaves whole ones alone', () => {
    expect(parseJson('{"a":["\\ud800","x\\uDFFFy"],"\\udbffk":1,"__proto__":"\\ud800"}').value)
      .to.deep.equal(JSON.parse('{"a":["\ufffd","x\ufffdy"],"\ufffdk":1,"__proto__":"\ufffd"}'));
    expect(parseJson('["\\ud83d\\ude00","\\\\ud800"]').value).to.deep.equal(['\u{1f600}', '\\ud800']);
  });

  it('says where and how the text is malformed', () => {
    expect(messageOf('{\n  "a": nope\n}')).to.equal('malformed JSON at offset 9 (line 2, column 8): expected a value, found "n", near "{\\n  \\"a\\": nope\\n}"');
    const cases: Record<string, string> = {
      '': 'offset 0 (line 1, column 1): expected a value, but the text ends',
      '{"a":1': "offset 6 (line 1, column 7): expected ',' or '}', but the text ends",
      '{"a":1,}': 'expected a key in double quotes, found "}"',
      "{'a':1}": 'expected a key in double quotes',
      '{"a" 1}': "expected ':' after a key, found \"1\"",
      '[1 2]': "expected ',' or ']', found \"2\"",
      '[01]': "expected ',' or ']', found \"1\"",
      '{} x': 'expected the end of the text, found "x"',
      '"ab': 'expected the end of a string, but the text ends',
      '"a\nb"': 'expected control characters in strings to be escaped',
      '"\\x"': 'expected a known escape',
      'truth': 'expected a value, found "t"',
      '\ufeff{}': 'expected a value',
    };
    for (const [text, problem] of Object.entries(cases)) expect(messageOf(text), text).to.contain(problem);
  });

  it('quotes only a little of a long text', () => {
    const message = messageOf(`{"a":"${'x'.repeat(5000)}" oops "${'y'.repeat(5000)}"}`);
    expect(message).to.have.length.below(200);
    expect(message).to.contain('xxx\\" oops');
  });

  it('refuses nesting beyond 1000 levels without overflowing the stack', () => {
    expect(() => parseJson(`${'['.repeat(1000)}${']'.repeat(1000)}`)).not.to.throw();
    for (const text of [`${'['.repeat(1001)}${']'.repeat(1001)}`, '['.repeat(2_000_000), '{"a":'.repeat(1_000_000)]) {
      expect(messageOf(text)).to.equal('the JSON value nests deeper than 1000 levels');
    }
  });

  it('copes with long strings when it must read the text again', () => {
    const text = `{"a":"${'\\n'.repeat(1_000_000)}${'x'.repeat(3_000_000)}","a":1}`;
    expect(parseJson(text).duplicates).to.deep.equal(['a']);
  });

  it('agrees with JSON.parse on texts broken at random', () => {
    const random = randomFrom(7);
    for (let i = 0; i < 3000; i++) {
      const whole = JSON.stringify(randomObject(random));
      const at = below(random, whole.length);
      const text = i % 3 === 0 ? whole : whole.slice(0, at) + String.fromCharCode(32 + below(random, 95)) + whole.slice(at + below(random, 2));
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        expect(messageOf(text), text).to.match(/^malformed JSON at offset \d+ .*(?:expected|found)/);
        continue;
      }
      expect(deepEqual(parseJson(text).value, expected), text).to.equal(true);
    }
  });
});
