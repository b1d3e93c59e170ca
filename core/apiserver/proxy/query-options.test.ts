import { expect } from 'chai';
import { PodExecOptions, PodLogOptions, PodPortForwardOptions } from '#core/api/schema/core-v1/pod-options.ts';
import { queryOptions } from './query-options.ts';

describe('queryOptions', () => {
  const log = (query: string) => queryOptions(PodLogOptions, new URLSearchParams(query));

  it('reads every sort of field as Go does, the first of several', () => {
    expect(log('follow&previous=FALSE&timestamps=0&insecureSkipTLSVerifyBackend=no')).to.deep.equal({ follow: true, insecureSkipTLSVerifyBackend: true });
    expect(log('tailLines=0&tailLines=5&limitBytes=-3&sinceSeconds=%2B7')).to.deep.equal({ tailLines: 0, limitBytes: -3, sinceSeconds: 7 });
    expect(log('sinceTime=2026-01-02T03:04:05.9%2B01:00')).to.deep.equal({ sinceTime: '2026-01-02T02:04:05Z' });
    expect(log('sinceTime=null&container=&stream=')).to.deep.equal({});
    expect(queryOptions(PodExecOptions, new URLSearchParams('command=a&command=&command=b%20c&stdin=true&container=x'))).to.deep.equal({ command: ['a', '', 'b c'], stdin: true, container: 'x' });
    expect(queryOptions(PodPortForwardOptions, new URLSearchParams('ports=1,2&ports=65535'))).to.deep.equal({ ports: [1, 2, 65_535] });
  });

  it('passes over what it does not know', () => {
    expect(log('__proto__=x&constructor=y&pretty=1')).to.deep.equal({});
  });

  for (const [query, problem] of [
    ['tailLines=', 'strconv.ParseInt: parsing "": invalid syntax'], ['tailLines=1e3', 'strconv.ParseInt: parsing "1e3": invalid syntax'],
    ['tailLines=99999999999999999999', 'strconv.ParseInt: parsing "99999999999999999999": value out of range'],
    [`tailLines=${'9'.repeat(100_000)}`, `strconv.ParseInt: parsing "${'9'.repeat(64)}": value out of range`],
    ['sinceTime=2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z"'],
  ] as const) {
    it(`refuses ${query.slice(0, 40)}`, () => expect(() => log(query)).to.throw(problem).with.property('reason', 'BadRequest'));
  }

  it('refuses what are no ports', () => {
    for (const text of ['', 'http', '-1', '1,', '65536']) expect(() => queryOptions(PodPortForwardOptions, new URLSearchParams({ ports: text })), text).to.throw('cannot convert to []int32: strconv.ParseUint');
  });
});
