import { createServer } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { explainFailure, UsageError } from './failure.ts';

describe('explaining a failure', () => {
  it('goes from the outside in and says nothing twice', () => {
    const root = new Error('disk full');
    expect(explainFailure(new Error('store did not start', { cause: new Error('disk full', { cause: root }) }))).to.equal('store did not start: disk full');
  });

  it('stops at what the user can mend', () => {
    expect(explainFailure(new UsageError('no such flag', { cause: new Error('internal') }))).to.equal('no such flag');
  });

  it('lists all of several', () => {
    expect(explainFailure(new AggregateError([new Error('a'), new Error('b')], 'not everything stopped'))).to.equal('not everything stopped; a; b');
  });

  it('takes whatever was thrown', () => {
    expect(explainFailure('just text')).to.equal('just text');
  });

  it('says what to do about a port in use', async () => {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as { port: number };
    const [error] = await once(createServer().listen(port, '127.0.0.1'), 'error');
    first.close();
    expect(explainFailure(new Error('api-server did not start', { cause: error }))).to.include(`port ${port} on 127.0.0.1 is in use`).and.include('--port');
  });
});
