const repeated = (count: number, of: (i: number) => string): string => Array.from({ length: count }, (_, i) => of(i)).join('');

/** Bodies that cost whoever reads them carelessly. */
export const bodies: readonly string[] = [
  '{"a":'.repeat(100_000), '['.repeat(500_000), '{"a":'.repeat(990) + '1' + '}'.repeat(990),
  `{"kind":"ConfigMap","apiVersion":"v1","data":{${repeated(50_000, (i) => `"k${i}":"v",`)}"k":"v"}}`, `{"kind":"ConfigMap","apiVersion":"v1","data":{${'"k":"v",'.repeat(50_000)}"k":"v"}}`,
  '"', '{"a":1e400}', '{"a":1,"a":2}', '{"a":-0}', `{"a":${'9'.repeat(100_000)}}`, `{"a":"${'\\u0000'.repeat(50_000)}"}`, '{"a":"\\ud800"}', 'null', '1', '[]', '', '\ufeff{}', '{}{}',
];

/** The same in YAML. */
export const yamlBodies: readonly string[] = [
  `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${repeated(12, (i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`)}`,
  `kind: ConfigMap\napiVersion: v1\ndata: &d\n  <<: *d\n`, '&a [*a]', `${'- '.repeat(20_000)}x`, `${'['.repeat(100_000)}`, `${'{a: '.repeat(50_000)}`, `? ${'? '.repeat(20_000)}a`,
  '!!js/function "x"', '!!binary "%%%"', 'a: !!float .nan\nb: .inf\nc: -.inf\nd: 0o17\ne: 0x1F\nf: 1_000\ng: 12e03\nh: ~', `${'---\na: b\n'.repeat(20_000)}`, '%YAML 9.9\n---\na', 'a: |+\n'.repeat(5000), '"\\x00\\uD800"', `${repeated(20_000, (i) => `k${i}: v\n`)}`,
];

/** Patterns that cost exponential or quadratic time, or room, where they are tried one way after the other. */
export const patterns: readonly string[] = [
  '(a+)+$', '(a|a)*b', '(a|aa)+$', '(.*)*x', '^(([a-z])+.)+[A-Z]([a-z])+$', '(x{1,1000}){1,1000}', '((a{0,100}){0,100}){0,100}', '(?=x)', '\\1', '[', '(?P<a>x)', '\\p{Greek}+', `${'('.repeat(2000)}a${')'.repeat(2000)}`, `${'a?'.repeat(500)}${'a'.repeat(500)}`, 'x'.repeat(20_000), '(?i)ſ', '\\C', '[[:alpha:]]{1000}',
];

const all = (depth: number): string => (depth === 0 ? 'true' : `object.l.all(x${depth}, ${all(depth - 1)})`);

/** Expressions that are long, deep, or cost much. `self`, `object` and `device` are not known everywhere, which is as good a mistake as any. */
export const expressions: readonly string[] = [
  `${'('.repeat(5000)}true${')'.repeat(5000)}`, `${'!'.repeat(5001)}true`, `${'-'.repeat(500)}1 > 0`, `${'1+'.repeat(20_000)}1 > 0`, `${'true ? '.repeat(500)}true${' : true'.repeat(500)}`, `[${'['.repeat(500)}${']'.repeat(500)}].size() > 0`,
  all(8), all(8).replaceAll('object', 'self'), `'${'a'.repeat(5000)}'.matches('(a+)+$')`, ...patterns.slice(0, 6).map((pattern) => `'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'.matches('${pattern}')`),
  `[1,2,3,4,5,6,7,8,9].map(a, [1,2,3,4,5,6,7,8,9].map(b, [1,2,3,4,5,6,7,8,9].map(c, [1,2,3,4,5,6,7,8,9].map(d, [a,b,c,d])))).size() > 0`,
  `${`'${'x'.repeat(100)}'`}${'.replace("x", "xxxxxxxxxx")'.repeat(12)}.size() > 0`, "'a'.split('').join('a').size() < 9223372036854775807", '9223372036854775807 + 1 > 0', '1 / 0 == 0', '1 % 0 == 0', "int('x') == 1", 'duration("999999999999h") > duration("0s")', 'timestamp("9999-12-31T23:59:59Z") + duration("24h") > timestamp("0001-01-01T00:00:00Z")',
  'self.__proto__ == null', 'self.constructor', 'object["__proto__"]', "has(self.a) && has(self.a.b.c.d)", 'oldObject == null', 'quantity("1e999").isGreaterThan(quantity("1"))', "ip('::1') == ip('0:0:0:0:0:0:0:1')", "url('http://[::1').getHost() == ''", 'optional.of(1).orValue(2) == 1', '"\\u{110000}"', "b'\\377'", '.', '', ' ', 'x'.repeat(10_000), '/* */ true', '"unended', 'true // x', 'a b', '\u0000',
];

/** Selectors that are long or wrong. */
export const selectors: readonly string[] = [
  `a in (${'b,'.repeat(3000)}b)`, `${'a=b,'.repeat(2000)}a=b`, '('.repeat(3000), `${'!'.repeat(3000)}a`, 'a in (', 'a notin ()', ',', 'a==b==c', 'a>1,a<x', '\u0000', `a=${'x'.repeat(5000)}`, '__proto__=x', 'metadata.name=a\\,b\\=c\\\\', 'metadata.name!=', 'status.phase=a,status.phase=b', 'constructor', 'a=\ud83d\ude00',
];
