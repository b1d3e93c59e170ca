import { expect } from 'chai';
import { compareElements, keyElement, parseElement, pathText, valueElement } from './path-element.ts';

describe('path elements', () => {
  it('become canonical: keys by name, values without spaces', () => {
    expect(parseElement('f:spec')).to.equal('f:spec');
    expect(parseElement('k:{"protocol":"TCP", "containerPort":80}')).to.equal('k:{"containerPort":80,"protocol":"TCP"}');
    expect(parseElement('v: "a"')).to.equal('v:"a"');
    expect(parseElement('v:1.0')).to.equal('v:1');
    expect(parseElement('i:007')).to.equal('i:7');
    expect(parseElement('f:__proto__')).to.equal('f:__proto__');
    expect(parseElement('f:')).to.equal('f:');
  });

  it('ignores sorts that later versions may know', () => {
    expect(parseElement('z:whatever')).to.equal(undefined);
  });

  for (const text of ['', 'x', 'noColon', 'k:', 'k:[]', 'k:{}', 'k:{"a":{}}', 'k:{"a":[1]}', 'k:{', 'v:', 'v:{}', 'v:[1]', 'v:nil', 'i:', 'i:x', 'i:1.5', 'i:99999999999999999999']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseElement(text)).to.throw(SyntaxError);
    });
  }

  it('reads a key that nests a million deep without falling over', () => {
    expect(() => parseElement(`v:${'['.repeat(1e6)}${']'.repeat(1e6)}`)).to.throw(SyntaxError);
  });

  it('stand in the order of fields, keys, values, indices, and numbers by size', () => {
    const inOrder = [
      'f:A', 'f:a', 'f:b', 'f:\uffff', 'f:\u{1f600}',
      'k:{"a":"x"}', 'k:{"a":"x","b":1}', 'k:{"a":"x","b":2}', 'k:{"a":"x","b":10}', 'k:{"a":"x","b":"0"}', 'k:{"a":"x","b":true}', 'k:{"b":"a"}',
      'v:3', 'v:3.1415', 'v:20', 'v:"a"', 'v:"b"', 'v:false', 'v:true', 'i:2', 'i:10',
    ];
    const shuffled = [...inOrder].reverse();
    expect(shuffled.sort(compareElements)).to.deep.equal(inOrder);
  });

  it('are told to people as upstream tells them', () => {
    expect(pathText(['f:spec', 'f:containers', 'k:{"name":"x"}', 'f:image'])).to.equal('.spec.containers[name="x"].image');
    expect(pathText(['f:ports', keyElement([['containerPort', 80], ['protocol', 'TCP']])])).to.equal('.ports[containerPort=80,protocol="TCP"]');
    expect(pathText(['f:metadata', 'f:finalizers', valueElement('a/b')])).to.equal('.metadata.finalizers[="a/b"]');
    expect(pathText(['f:list', 'i:3'])).to.equal('.list[3]');
  });
});
