import { expect } from 'chai';
import { toJson } from '#core/api/cel/json.ts';
import { CelError, CelProgram, compile, environment } from '#core/api/cel/program.ts';
import { authorizerType, authorizerValue, resourceCheckType, resourceCheckValue, type AuthorizationCheck } from './authorizer.ts';

const env = environment({ variables: { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } });
const asked: AuthorizationCheck[] = [];
const host = {
  authorize(check: AuthorizationCheck) {
    asked.push(check);
    if (check.verb === 'explode') throw new Error('no authorizer today');
    return { allowed: check.verb === 'get', reason: `about ${check.verb}` };
  },
};
const activation = { authorizer: authorizerValue(host), 'authorizer.requestResource': resourceCheckValue(host, { group: 'apps', resource: 'deployments', name: 'web' }) };

function outcome(source: string): unknown {
  const program = compile(env, source);
  if (!(program instanceof CelProgram)) return `compile: ${program.errors[0]?.message ?? ''}`;
  try {
    return JSON.stringify(toJson(program.evaluate(activation).value));
  } catch (error) {
    if (error instanceof CelError) return `error: ${error.message}`;
    throw error;
  }
}

/** One case a line: the expression, `=>`, and the JSON of its value or what goes wrong. */
function check(table: string): void {
  for (const line of table.split('\n').map((text) => text.trim()).filter((text) => text !== '')) {
    const [source = '', expected = ''] = line.split(/\s+=> /);
    expect(outcome(source), source).to.equal(expected);
  }
}

describe('CEL: libraries', () => {
  it('strings', () => {
    check(String.raw`
      'hello'.charAt(4) => "o"
      'hello'.charAt(5) => ""
      'hello'.charAt(6) => error: index out of range: 6
      'hello'.charAt(-1) => error: index out of range: -1
      'a👑b'.charAt(1) => "👑"
      'a👑b'.charAt(2) => "b"
      'hello mellow'.indexOf('') => 0
      'hello mellow'.indexOf('ello') => 1
      'hello mellow'.indexOf('jello') => -1
      'hello mellow'.indexOf('ello', 2) => 7
      'hello mellow'.indexOf('', 2) => 2
      'hello mellow'.indexOf('ello', 20) => -1
      'hello mellow'.indexOf('ello', -1) => error: index out of range: -1
      '👑👑a'.indexOf('a') => 2
      '👑👑a👑'.indexOf('👑', 1) => 1
      'hello mellow'.lastIndexOf('') => 12
      'hello mellow'.lastIndexOf('ello') => 7
      'hello mellow'.lastIndexOf('jello') => -1
      'hello mellow'.lastIndexOf('ello', 6) => 1
      'hello mellow'.lastIndexOf('ello', -1) => error: index out of range: -1
      '👑a👑'.lastIndexOf('👑') => 2
      'hello'.substring(2) => "llo"
      'hello'.substring(0, 4) => "hell"
      'hello'.substring(5) => ""
      'hello'.substring(6) => error: index out of range: 6
      'hello'.substring(2, 1) => error: invalid substring range. start: 2, end: 1
      'hello'.substring(-1, 1) => error: index out of range: -1
      'hello'.substring(0, 6) => error: index out of range: 6
      'a👑b'.substring(1, 2) => "👑"
      'hello hello hello'.split(' ') => ["hello","hello","hello"]
      'hello hello hello'.split(' ', 0) => []
      'hello hello hello'.split(' ', 1) => ["hello hello hello"]
      'hello hello hello'.split(' ', 2) => ["hello","hello hello"]
      'hello hello hello'.split(' ', -1) => ["hello","hello","hello"]
      'a👑'.split('') => ["a","👑"]
      ''.split(',') => [""]
      'hello hello'.replace('he', 'we') => "wello wello"
      'hello hello'.replace('he', 'we', -1) => "wello wello"
      'hello hello'.replace('he', 'we', 1) => "wello hello"
      'hello hello'.replace('he', 'we', 0) => "hello hello"
      'abc'.replace('', '-') => "-a-b-c-"
      'abc'.replace('', '-', 2) => "-a-bc"
      'aaa'.replace('a', '$&') => "$&$&$&"
      ['a', 'b'].join() => "ab"
      ['a', 'b'].join('-') => "a-b"
      [].join('-') => ""
      [1].join('-') => compile: found no matching overload for 'join' applied to 'list(int).(string)'
      dyn([1]).join('-') => error: no such overload
      'TacoCÆt Xii'.lowerAscii() => "tacocÆt xii"
      'tacoCæt'.upperAscii() => "TACOCæT"
      '  \ttrim\n\u00a0\u3000 '.trim() => "trim"
      '\ufefftrim'.trim() => "﻿trim"
      'abc👑'.reverse() => "👑cba"
      strings.quote('a"b\n\\') => "\"a\\\"b\\n\\\\\""
      strings.quote('\a\b\f\r\t\v') => "\"\\a\\b\\f\\r\\t\\v\""
    `);
  });

  it('formatting', () => {
    check(String.raw`
      'no substitution'.format([]) => "no substitution"
      '%% %s %%'.format(['x']) => "% x %"
      '%d %d'.format([1, 2u]) => "1 2"
      '%s %s %s'.format([true, null, 1.5]) => "true null 1.5"
      '%s'.format([duration('1h45m47s')]) => "6347s"
      '%s'.format([timestamp('2023-02-03T23:31:20+00:00')]) => "2023-02-03T23:31:20Z"
      '%s'.format([type('a')]) => "string"
      '%s'.format([b'xyz']) => "xyz"
      '%s'.format([['abc', 3.14, null, [9, 8], timestamp('2023-02-03T23:31:20Z')]]) => "[\"abc\", 3.140000, null, [9, 8], timestamp(\"2023-02-03T23:31:20Z\")]"
      '%s'.format([{'b': 'y', 'a': duration('1s')}]) => "{\"a\":duration(\"1s\"), \"b\":\"y\"}"
      '%s'.format([[2.71]]) => "[2.710000]"
      '%s'.format([0.000000002]) => "2e-09"
      '%.3f'.format([1.2345]) => "1.234"
      '%f'.format([2.71828]) => "2.718280"
      '%f %f'.format(['NaN', 'Infinity']) => "NaN ∞"
      '%.6e'.format([1052.032911275]) => "1.052033 × 10⁰³"
      '%e'.format([2.71828]) => "2.718280 × 10⁰⁰"
      '%b %b %b'.format([5, -5, true]) => "101 -101 1"
      '%o'.format([-11]) => "-13"
      '%x %X %x %x'.format([30, 30, 'Hello', b'\x00a']) => "1e 1E 48656c6c6f 0061"
      '%d'.format([1.5]) => error: error during formatting: decimal clause can only be used on integers, was given double
      '%f'.format([1]) => error: error during formatting: fixed-point clause can only be used on doubles, was given int
      '%b'.format(['a']) => error: error during formatting: only integers and bools can be formatted as binary, was given string
      '%o'.format([1.0]) => error: error during formatting: octal clause can only be used on integers, was given double
      '%s %s'.format(['a']) => error: index 1 out of range
      '%a'.format([1]) => error: could not parse formatting clause: unrecognized formatting clause "a"
      '%'.format([1]) => error: unexpected end of string
      '%.f'.format([1.0]) => error: could not parse formatting clause: error while parsing precision
      '%.999999999f'.format([1.0]) => error: could not parse formatting clause: error while parsing precision
    `);
  });

  it('lists, sets and regular expressions', () => {
    check(`
      [1, 2, 2, 3].isSorted() => true
      [2, 1].isSorted() => false
      [].isSorted() => true
      ['a', 'b'].isSorted() => true
      [duration('1s'), duration('2s')].isSorted() => true
      [1, 2, 3].sum() => 6
      [1u, 2u].sum() => 3
      [1.5, 2.0].sum() => 3.5
      [].sum() => 0
      [duration('1m'), duration('1s')].sum() => "61s"
      ['a'].sum() => compile: found no matching overload for 'sum' applied to 'list(string).()'
      [9223372036854775807, 1].sum() => error: integer overflow
      [3, 1, 2].min() => 1
      [3, 1, 2].max() => 3
      ['b', 'a'].max() => "b"
      [].min() => error: min called on empty list
      [].max() => error: max called on empty list
      [1, 2, 2, 3].indexOf(2) => 1
      [1, 2, 2, 3].lastIndexOf(2) => 2
      [1].indexOf(5) => -1
      sets.contains([], []) => true
      sets.contains([], [1]) => false
      sets.contains([1, 2, 3, 4], [2, 3]) => true
      sets.contains([dyn(1), dyn(2.0)], [dyn(1.0), dyn(2u)]) => true
      sets.equivalent([1, 2, 3], [3, 2, 1, 1]) => true
      sets.equivalent([1], [1, 2]) => false
      sets.equivalent([1, 2], [1]) => false
      sets.intersects([1], [1, 2]) => true
      sets.intersects([1], []) => false
      'abc 123'.find('[0-9]+') => "123"
      'abc'.find('[0-9]+') => ""
      '123 abc 456'.findAll('[0-9]+') => ["123","456"]
      '123 abc 456'.findAll('[0-9]+', 1) => ["123"]
      '123'.findAll('[0-9]+', 0) => []
      'abc'.findAll('x*') => ["","","",""]
      'a'.find('(') => error: error parsing regexp: missing closing ): \`(\`
    `);
  });

  it('URLs', () => {
    check(`
      isURL('https://user:pass@example.com:80/path?query=val#fragment') => true
      isURL('/absolute-path') => true
      isURL('https://a:b:c/') => false
      isURL('../relative-path') => false
      isURL('https://exa mple.com/') => false
      isURL('https://[::1/') => false
      isURL('') => false
      isURL('https://e.com/%zz') => false
      isURL('mailto:someone@example.com') => true
      url('../relative') => error: URL parse error during conversion from string: parse "../relative": invalid URI for request
      url('https://a:b:c/') => error: URL parse error during conversion from string: parse "https://a:b:c/": invalid port ":c" after host
      url('/path').getScheme() => ""
      url('HTTPS://example.com/').getScheme() => "https"
      url('https://example.com:80/').getHost() => "example.com:80"
      url('https://u:p@example.com/').getHost() => "example.com"
      url('https://[::1]:80/').getHost() => "[::1]:80"
      url('https://[::1]:80/').getHostname() => "::1"
      url('https://127.0.0.1:80/').getHostname() => "127.0.0.1"
      url('https://example.com:80/').getPort() => "80"
      url('https://[::1]/').getPort() => ""
      url('/path').getHost() => ""
      url('https://example.com/path').getEscapedPath() => "/path"
      url('https://example.com/path with spaces/').getEscapedPath() => "/path%20with%20spaces/"
      url('https://example.com/a%2Fb').getEscapedPath() => "/a%2Fb"
      url('https://example.com/é').getEscapedPath() => "/%C3%A9"
      url('https://example.com').getEscapedPath() => ""
      url('https://example.com/path?k1=a&k2=b&k2=c').getQuery() => {"k1":["a"],"k2":["b","c"]}
      url('https://example.com/path?key with spaces=value+with%20spaces').getQuery() => {"key with spaces":["value with spaces"]}
      url('https://example.com/path?').getQuery() => {}
      url('https://example.com/?a&=b&c=&a=%41%zz&&d=e=f').getQuery() => {"a":[""],"":["b"],"c":[""],"d":["e=f"]}
      url('https://example.com/?__proto__=a').getQuery()['__proto__'][0] => "a"
      url('https://example.com/') == url('https://example.com/') => true
      url('https://example.com/') == url('https://example.org/') => false
    `);
  });

  it('quantities', () => {
    check(`
      isQuantity('1.3Gi') => true
      isQuantity('1,3G') => false
      isQuantity('200K') => false
      quantity('Mi') => error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
      quantity('200M') == quantity('0.2G') => true
      quantity('200M') == quantity('0.3G') => false
      quantity('50M').isLessThan(quantity('50Mi')) => true
      quantity('1k').isLessThan(quantity('1000')) => false
      quantity('1k').isGreaterThan(quantity('1000')) => false
      quantity('50Mi').isGreaterThan(quantity('50M')) => true
      quantity('200M').compareTo(quantity('0.2G')) => 0
      quantity('50M').compareTo(quantity('50Mi')) => -1
      quantity('50k').add(quantity('20')) == quantity('50.02k') => true
      quantity('50k').add(20) == quantity('50020') => true
      quantity('50k').sub(quantity('20k')) == quantity('30k') => true
      quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20') => true
      quantity('50k').isInteger() => true
      quantity('1500m').isInteger() => false
      quantity('50k').asInteger() => 50000
      quantity('1500m').asInteger() => error: cannot convert value to integer
      quantity('50.703k').asApproximateFloat() => 50703
      quantity('-50').sign() => -1
      quantity('0').sign() => 0
      sign(quantity('1')) => 1
      quantity('1').add('2') => compile: found no matching overload for 'add' applied to 'kubernetes.Quantity.(string)'
    `);
  });

  it('addresses', () => {
    check(`
      isIP('127.0.0.1') => true
      isIP('::1') => true
      isIP('127.0.0.256') => false
      isIP(':::1') => false
      isIP('::ffff:1.2.3.4') => false
      isIP('fe80::1%eth0') => false
      isIP('010.0.0.1') => false
      ip('fe80::1%eth0') => error: IP address "fe80::1%eth0" with zone value is not allowed
      ip('::ffff:1.2.3.4') => error: IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed
      ip('nope') => error: IP Address "nope" parse error during conversion from string: ParseAddr("nope"): unable to parse IP
      ip('127.0.0.1').family() => 4
      ip('::1').family() => 6
      string(ip('2001:DB8::0:1')) => "2001:db8::1"
      ip('2001:db8::1') == ip('2001:DB8::1') => true
      ip('127.0.0.1') == ip('127.0.0.2') => false
      ip.isCanonical('127.0.0.1') => true
      ip.isCanonical('2001:DB8::ABCD') => false
      ip.isCanonical('2001:db8::0:0:0:abcd') => false
      ip('0.0.0.0').isUnspecified() => true
      ip('::').isUnspecified() => true
      ip('::1').isLoopback() => true
      ip('127.9.9.9').isLoopback() => true
      ip('2001:db8::abcd').isLoopback() => false
      ip('224.0.0.1').isLinkLocalMulticast() => true
      ip('224.0.1.1').isLinkLocalMulticast() => false
      ip('ff02::1').isLinkLocalMulticast() => true
      ip('fd00::1').isLinkLocalMulticast() => false
      ip('169.254.169.254').isLinkLocalUnicast() => true
      ip('fe80::1').isLinkLocalUnicast() => true
      ip('fd80::1').isLinkLocalUnicast() => false
      ip('192.168.0.1').isGlobalUnicast() => true
      ip('255.255.255.255').isGlobalUnicast() => false
      ip('2001:db8::abcd').isGlobalUnicast() => true
      ip('ff00::1').isGlobalUnicast() => false
      type(ip('::1')) == net.IP => true
      isCIDR('192.168.0.0/16') => true
      isCIDR('::1/128') => true
      isCIDR('192.168.0.0/33') => false
      isCIDR('::1/129') => false
      isCIDR('1.2.3.4') => false
      cidr('192.168.0.0/24').containsIP(ip('192.168.0.1')) => true
      cidr('192.168.0.0/24').containsIP('192.168.1.1') => false
      cidr('192.168.0.0/24').containsIP('x') => error: IP Address "x" parse error during conversion from string: ParseAddr("x"): unable to parse IP
      cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') => true
      cidr('192.168.1.0/24').containsCIDR(cidr('192.168.2.0/24')) => false
      cidr('192.168.0.1/24').ip() == ip('192.168.0.1') => true
      cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24') => true
      cidr('192.168.0.1/24') == cidr('192.168.0.1/24').masked() => false
      string(cidr('192.168.0.1/24')) => "192.168.0.1/24"
      cidr('::1/128').prefixLength() => 128
      type(cidr('::1/128')) == net.CIDR => true
    `);
  });

  it('named formats', () => {
    check(`
      format.dns1123Label().validate('my-label-name').hasValue() => false
      format.dns1123Label().validate('A').hasValue() => true
      format.dns1123Subdomain().validate('apiextensions.k8s.io').hasValue() => false
      format.dns1035Label().validate('1a').hasValue() => true
      format.qualifiedName().validate('apiextensions.k8s.io/v1beta1').hasValue() => false
      format.dns1123LabelPrefix().validate('my-label-prefix-').hasValue() => false
      format.dns1123LabelPrefix().validate('-').hasValue() => true
      format.dns1123LabelPrefix().validate('a').hasValue() => false
      format.dns1123LabelPrefix().validate('A-').hasValue() => true
      format.dns1123Label().validate('my-label-prefix-').hasValue() => true
      format.labelValue().validate('a b').hasValue() => true
      format.uri().validate('http://example.com').hasValue() => false
      format.uri().validate('../x').value()[0] => "parse \\"../x\\": invalid URI for request"
      format.uuid().validate('123e4567-e89b-12d3-a456-426614174000').hasValue() => false
      format.uuid().validate('x').value() => ["does not match the UUID format"]
      format.byte().validate('aGVsbG8=').hasValue() => false
      format.byte().validate('*').value() => ["invalid base64"]
      format.date().validate('2021-01-01').hasValue() => false
      format.date().validate('2021-13-01').value() => ["invalid date"]
      format.datetime().validate('2021-01-01T00:00:00Z').hasValue() => false
      format.datetime().validate('x').value() => ["invalid datetime"]
      format.named('dns1123Label').hasValue() => true
      format.named('nope').hasValue() => false
      format.named('uuid').value() == format.uuid() => true
      format.dns1123Label() == format.dns1035Label() => false
      jsonpatch.escapeKey('k8s.io/my~label') => "k8s.io~1my~0label"
    `);
  });

  it('versions', () => {
    check(`
      isSemver('1.2.3-beta.1+build.1') => true
      isSemver('') => false
      isSemver('v1.0.0') => false
      isSemver(' 1.0.0') => false
      isSemver('01.01.01') => false
      isSemver('1.1') => false
      isSemver('', true) => false
      isSemver('v1.0.0', true) => true
      isSemver('01.01.01', true) => true
      isSemver('1', true) => true
      isSemver('1.1-a', true) => false
      isSemver('1.0.0 ', true) => false
      isSemver('1.0.0-01') => false
      semver('v1.0') => error: No Major.Minor.Patch elements found
      semver('v01.01', true) == semver('1.1.0') => true
      semver('1.2.3') == semver('1.0.0') => false
      semver('1.0.0').isLessThan(semver('1.2.3')) => true
      semver('1.0.0-alpha').isLessThan(semver('1.0.0')) => true
      semver('1.0.0-alpha.1').compareTo(semver('1.0.0-alpha.beta')) => -1
      semver('1.0.0-alpha').compareTo(semver('1.0.0-alpha.1')) => -1
      semver('1.0.0-2').compareTo(semver('1.0.0-10')) => -1
      semver('1.0.0+a') == semver('1.0.0+b') => true
      semver('1.2.3').compareTo(semver('1.0.0')) => 1
      semver('1.2.3').isLessThan(semver('1.2.3')) => false
      semver('1.2.3').isGreaterThan(semver('1.2.3')) => false
      semver('1.0.0-a.b').compareTo(semver('1.0.0-a.b')) => 0
      semver('1.0.0-alpha.1').compareTo(semver('1.0.0-alpha')) => 1
      semver('1.0.0-beta').compareTo(semver('1.0.0-alpha')) => 1
      semver('1.0.0').compareTo(semver('1.0.0-alpha')) => 1
      semver('01.0.0') => error: Major number must not contain leading zeroes "01"
      semver('1.0.x') => error: Invalid character(s) found in version "1.0.x"
      semver('1.2.3').major() => 1
      semver('1.2.3').minor() => 2
      semver('1.2.3').patch() => 3
    `);
  });

  it('the authorizer asks its host', () => {
    asked.length = 0;
    check(`
      authorizer.path('/healthz').check('get').allowed() => true
      authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend').check('create').allowed() => false
      authorizer.serviceAccount('default', 'builder').group('').resource('pods').fieldSelector('spec.nodeName=a').labelSelector('a=b').check('get').reason() => "about get"
      authorizer.requestResource.check('get').allowed() => true
      authorizer.group('').resource('pods').check('explode').errored() => true
      authorizer.group('').resource('pods').check('explode').error() => "no authorizer today"
      authorizer.path('/healthz').check('get').errored() => false
      authorizer.path('/healthz').check('get').error() => ""
      authorizer.path('/a') == authorizer.path('/a') => true
      authorizer.path('/a') == authorizer.path('/b') => false
      authorizer.path('  ') => error: path must not be empty
      authorizer.group('').resource('') => error: resource must not be empty
      authorizer.serviceAccount('default', 'not@valid').path('/').check('get').allowed() => error: Invalid service account name: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
      authorizer.check('get') => compile: found no matching overload for 'check' applied to 'kubernetes.authorization.Authorizer.(string)'
    `);
    const empty = { group: '', resource: '', subresource: '', namespace: '', name: '', fieldSelector: '', labelSelector: '' };
    expect(asked.slice(0, 4)).to.deep.equal([
      { ...empty, path: '/healthz', verb: 'get' },
      { ...empty, group: 'apps', resource: 'deployments', subresource: 'status', namespace: 'test', name: 'backend', verb: 'create' },
      { ...empty, serviceAccount: { namespace: 'default', name: 'builder' }, resource: 'pods', fieldSelector: 'spec.nodeName=a', labelSelector: 'a=b', verb: 'get' },
      { ...empty, group: 'apps', resource: 'deployments', name: 'web', verb: 'get' },
    ]);
  });
});
