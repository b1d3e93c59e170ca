import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { fillTemplate } from './tag-template.ts';
import { allTags, formattingOf, formattingTag, ownerTags, specifiedTags, tagMap, sdkTags } from './tags.ts';

const fields = { PVCName: 'data-0', PVCNamespace: 'ns-prod-abcdef', PVName: 'pvc-1' };

describe('templates of tags', () => {
  const filled: readonly (readonly [string, string])[] = [
    ['plain', 'plain'],
    ['', ''],
    ['{{ .PVCNamespace }}/{{.PVCName}}', 'ns-prod-abcdef/data-0'],
    ['{{ .PVCNamespace | contains "prod" }}', 'true'],
    ['{{ .PVCNamespace | field "-" 2 | toUpper }}', 'ABCDEF'],
    ['{{ field "-" 1 .PVCNamespace }}', 'prod'],
    ['{{ toUpper (field `-` 1 .PVCNamespace) }}', 'PROD'],
    ['{{ substring 0 2 .PVCNamespace }}', 'ns'],
    ['{{ substring 3 -1 .PVCNamespace }}', 'prod-abcdef'],
    ['{{ substring 3 400 .PVCNamespace }}', 'prod-abcdef'],
    ['{{ substring -1 2 .PVCNamespace }}', 'ns'],
    ['{{ index "-" .PVCNamespace }} {{ lastIndex "-" .PVCNamespace }}', '2 7'],
    ['a {{- .PVName -}} b', 'apvc-1b'],
    ['{{ "}" }}', '}'],
  ];
  for (const [template, expected] of filled) {
    it(`fill in ${template}`, () => {
      expect(fillTemplate(template, fields)).to.equal(expected);
    });
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    ['{{ .PVCName', /no }}/],
    ['{{ .Labels }}', /no \.Labels, only \.PVCName/],
    ['{{ .__proto__ }}', /no \.__proto__/],
    ['{{ .constructor }}', /no \.constructor/],
    ['{{ html .PVCName }}', /no function "html"/],
    ['{{ constructor .PVCName }}', /no function "constructor"/],
    ['{{ field "-" 9 .PVCName }}', /no result/],
    ['{{ field "-" .PVCName }}', /takes string number string, not string string/],
    ['{{ toUpper }}', /takes string, not nothing/],
    ['{{ }}', /ends too soon/],
    ['{{ .PVCName | .PVName }}', /after \| comes a function/],
    ['{{ .PVCName .PVName }}', /not expected/],
    ['{{ (toUpper .PVCName }}', /no \)/],
    ['{{ .PVCName & }}', /what is/],
    ['x'.repeat(5000), /4096 characters/],
  ];
  for (const [template, message] of refused) {
    it(`are refused: ${template.slice(0, 40)}`, () => {
      expect(() => fillTemplate(template, fields)).to.throw(message).that.satisfies((error: unknown) => ProviderError.is(error, 'Invalid'));
    });
  }

  it('take no time that grows faster than they do', () => {
    const started = process.hrtime.bigint();
    expect(() => fillTemplate(`{{ ${'('.repeat(4000)}`, fields)).to.throw(/no }}/);
    expect(() => fillTemplate(`{{ ${'('.repeat(4000)} }}`, fields)).to.throw(/20 deep/);
    expect(() => fillTemplate('{{"'.repeat(1300), fields)).to.throw(ProviderError);
    expect(Number(process.hrtime.bigint() - started) / 1e6).to.be.below(500);
  });
});

describe('tags', () => {
  it('are what a class specifies', () => {
    expect(specifiedTags(['key1=value1', 'key2=hello world', 'key3=', 'key4=a=b', 'ns={{ .PVCNamespace }}'], fields)).to.deep.equal({ key1: 'value1', key2: 'hello world', key3: '', key4: 'a=b', ns: 'ns-prod-abcdef' });
    expect(() => specifiedTags([`k=${'v'.repeat(257)}`], fields)).to.throw(/256/);
    expect(() => specifiedTags(['k=a\nb'], fields)).to.throw(/"a\\nb"/);
  });

  it('are at most fifty', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_each, index) => [`k${index}`, '']));
    expect(Object.keys(allTags(many, { k1: 'x' }))).to.have.lengthOf(50);
    expect(() => allTags(many, { more: '' })).to.throw(/these are 51/);
  });

  it('say for whom a volume was made, whatever they are called', () => {
    expect(ownerTags('pvc-1', { namespace: '../../etc', name: '$(id)\n"\0', uid: 'u' })).to.deep.equal({
      'kubernetes.io/created-for/pv/name': 'pvc-1', 'kubernetes.io/created-for/pvc/name': '__id____', 'kubernetes.io/created-for/pvc/namespace': '../../etc',
    });
  });

  it('keep how a file system is to be made', () => {
    const formatting = { inodesize: '512', blocksize: '4096' };
    const tags = formattingTag(formatting);
    expect(tags).to.deep.equal({ 'keelson.dev/formatting': 'blocksize=4096 inodesize=512' });
    expect(formattingOf(tagMap(sdkTags(tags)))).to.deep.equal(formatting);
    expect(formattingTag({})).to.deep.equal({});
    expect(formattingOf(new Map([['keelson.dev/formatting', '__proto__=1 x=$(id) ok=1']]))).to.deep.equal({ ok: '1' });
  });
});
