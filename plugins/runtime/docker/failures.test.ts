import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { PullRefused, sentenceOf, toProviderError, toPullError, toStartError } from './failures.ts';

/** As dockerode throws it. */
const answer = (statusCode: number, message: string): Error => Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${message} `), { statusCode, json: { message } });

describe('failures of the engine', () => {
  for (const [error, reason] of [
    [answer(400, 'invalid'), 'Invalid'], [answer(404, 'No such container: x'), 'NotFound'], [answer(409, 'Conflict'), 'Unavailable'], [answer(429, 'slow down'), 'Throttled'],
    [answer(500, 'something'), 'Unavailable'], [answer(503, 'starting'), 'Unavailable'], [answer(500, 'mkdir /var/lib/docker/x: no space left on device'), 'Exhausted'],
    [Object.assign(new Error('connect ENOENT /x.sock'), { code: 'ENOENT' }), 'Unavailable'], [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'Unavailable'],
    [new DOMException('aborted', 'AbortError'), 'Unavailable'], ['text', 'Unavailable'],
  ] as const) {
    it(`are ${reason}: ${error instanceof Error ? error.message : error}`, () => expect(toProviderError(error, 'cannot do it').reason).to.equal(reason));
  }

  it('keep the sentence of the engine, without what the library puts around it, and the cause', () => {
    const error = answer(404, 'No such container: x - really');
    const failure = toProviderError(error, 'cannot stop it');
    expect(failure.message).to.equal('cannot stop it: No such container: x - really');
    expect(failure.cause).to.equal(error);
    // Of a stream the library has no JSON.
    expect(sentenceOf(Object.assign(new Error('(HTTP code 404) no such container - No such container: x - really '), { statusCode: 404 }))).to.equal('No such container: x - really');
    expect(toProviderError(failure, 'again')).to.equal(failure);
  });

  for (const [error, reason] of [
    [answer(400, 'failed to create shim task: OCI runtime create failed: … exec: "/x": stat /x: no such file or directory: unknown'), 'Invalid'],
    [answer(500, 'OCI runtime create failed: permission denied'), 'Invalid'], [answer(500, 'Decoding seccomp profile failed: unexpected end of JSON input'), 'Invalid'],
    [answer(404, 'No such container: x'), 'NotFound'], [answer(409, 'cannot join network of a non running container: y'), 'Unavailable'],
    [answer(500, 'OCI runtime create failed: write /x: no space left on device'), 'Exhausted'], [answer(500, 'connection error: transport: dial unix /run/containerd.sock: timeout'), 'Unavailable'],
    [Object.assign(new Error('connect ENOENT: no such file or directory'), { code: 'ENOENT' }), 'Unavailable'],
  ] as const) {
    it(`of a start are ${reason}: ${error.message}`, () => expect(toStartError(error, 'cannot start it').reason).to.equal(reason));
  }

  for (const [error, reason] of [
    [answer(404, 'manifest for acme/x:1 not found: manifest unknown: manifest unknown'), 'NotFound'],
    [answer(404, 'pull access denied for acme/x, repository does not exist or may require \'docker login\': denied: requested access to the resource is denied'), 'NotFound'],
    [answer(500, 'Get "https://r.example/v2/acme/x/manifests/1": unauthorized: authentication required'), 'Invalid'],
    [answer(500, 'Get "https://r.example/v2/": dial tcp: lookup r.example: no such host'), 'Unavailable'],
    [answer(500, 'Get "https://r.example/v2/": net/http: TLS handshake timeout'), 'Unavailable'],
    [answer(500, 'toomanyrequests: You have reached your pull rate limit'), 'Throttled'],
    [answer(400, 'invalid reference format'), 'Invalid'],
    [new PullRefused('failed to register layer: write /x: no space left on device'), 'Exhausted'],
    [new PullRefused('unexpected EOF'), 'Unavailable'],
    [Object.assign(new Error('connect ENOENT: not found'), { code: 'ENOENT' }), 'Unavailable'],
  ] as const) {
    it(`of a pull are ${reason}: ${error.message}`, () => {
      const failure = toPullError(error, 'acme/x:1');
      expect(failure.reason).to.equal(reason);
      expect(failure.message).to.contain('cannot pull "acme/x:1": ');
      expect(ProviderError.is(failure)).to.equal(true);
    });
  }
});
