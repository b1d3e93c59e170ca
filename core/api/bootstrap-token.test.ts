import { expect } from 'chai';
import { detachedSignature, isSignedWith, parseBootstrapToken } from './bootstrap-token.ts';

const token = { id: 'abcdef', secret: '0123456789abcdef' };

describe('bootstrap tokens', () => {
  it('are an id and a secret', () => {
    expect(parseBootstrapToken('abcdef.0123456789abcdef')).to.deep.equal(token);
    for (const text of ['', 'abcdef', 'ABCDEF.0123456789abcdef', 'abcdef.0123456789abcde', 'abcdef.0123456789abcdef\n', 'abcdef.0123456789abcdef.']) expect(parseBootstrapToken(text), text).to.equal(undefined);
  });

  it('sign as the library of upstream does', () => {
    // Of its own tests: jose with HS256 and the key id in the header.
    expect(detachedSignature('Hello from the other side. I must have called a thousand times.', { id: 'joshua', secret: 'my voice is my passcode' }))
      .to.equal('eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8');
  });

  it('are believed only with the right secret, id, content and algorithm', () => {
    const signature = detachedSignature('content', token);
    expect(isSignedWith('content', signature, token)).to.equal(true);
    expect(isSignedWith('other', signature, token)).to.equal(false);
    expect(isSignedWith('content', signature, { ...token, secret: 'fedcba9876543210' })).to.equal(false);
    expect(isSignedWith('content', detachedSignature('content', { ...token, id: 'zzzzzz' }), token)).to.equal(false);
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: 'abcdef' })).toString('base64url');
    for (const text of ['', '.', '..', `${none}..`, `${signature}.x`, signature.replace('..', '.e30.'), 'e30..x', '****..x']) expect(isSignedWith('content', text, token), text).to.equal(false);
  });
});
