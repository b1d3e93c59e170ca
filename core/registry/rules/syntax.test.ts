import { expect } from 'chai';
import {
  cidrProblem, envNameProblem, headerNameProblem, ipProblem, localPathProblem, portNameProblem, portNumberProblem, sysctlProblem, volumeFilePathProblem,
} from './syntax.ts';

describe('syntax', () => {
  const cases: readonly (readonly [rule: (value: never) => string | undefined, good: readonly unknown[], bad: readonly unknown[]])[] = [
    [portNameProblem, ['http', 'a1', 'x-y'], ['', '80', 'Http', 'a--b', '-a', 'a-', 'sixteen-letters1']],
    [portNumberProblem, [1, 65535], [0, -1, 65536, 1.5]],
    [envNameProblem, ['A', 'a.b', '1 2', '~'], ['', 'A=B', 'ä', 'a\n']],
    [headerNameProblem, ['X-Header', '1'], ['', 'X Y', 'X:']],
    [ipProblem, ['10.0.0.1', 'fd00::1', '::'], ['', '10.0.0', '10.0.0.256', 'fe80::1%eth0', 'localhost']],
    [cidrProblem, ['10.0.0.0/8', '10.0.0.1/32', 'fd00::/64', '::/0'], ['', '10.0.0.0', '10.0.0.0/33', '10.0.0.0/08', 'fd00::/129', '10.0.0.0/8/8', '/8']],
    [localPathProblem, ['a', 'a/b', '..a', ''], ['/a', '..', 'a/../b']],
    [volumeFilePathProblem, ['a', 'a/..b'], ['..a', '../a', '/a']],
    [sysctlProblem, ['net.ipv4.tcp_syncookies', 'net/ipv4/conf', 'a'], ['', 'A', 'a..b', 'a'.repeat(254)]],
  ];
  for (const [rule, good, bad] of cases) {
    it(`${rule.name} tells good from bad`, () => {
      expect(good.filter((value) => rule(value as never) !== undefined)).to.deep.equal([]);
      expect(bad.filter((value) => rule(value as never) === undefined)).to.deep.equal([]);
    });
  }
});
