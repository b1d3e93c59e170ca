import { once } from 'node:events';
import { Duplex, duplexPair } from 'node:stream';
import { expect } from 'chai';
import { join } from './tunnel.ts';

/** A peer that takes what it gets only when it is let. */
class SlowPeer extends Duplex {
  taken = '';
  private waiting: (() => void)[] = [];
  private free = false;

  override _read(): void {
    // What it says is pushed.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken += chunk.toString();
    if (this.free) done();
    else this.waiting.push(done);
  }

  goOn(): void {
    this.free = true;
    for (const done of this.waiting) done();
  }
}

describe('join', () => {
  const head = Buffer.alloc(0);
  let client: SlowPeer;
  let backend: Duplex;
  let agent: Duplex;
  let stop: AbortController;
  let over: Promise<void>;

  beforeEach(() => {
    client = new SlowPeer();
    [backend, agent] = duplexPair();
    stop = new AbortController();
    over = join({ socket: client, head: Buffer.from('early ') }, { socket: backend, head }, stop.signal);
  });

  const heard = async (): Promise<string> => {
    let text = '';
    for await (const chunk of agent as AsyncIterable<Buffer>) text += chunk.toString();
    return text;
  };

  it('gives a slow reader all that was said by one who has left since', async () => {
    client.push('question');
    client.push(null);
    expect(await heard()).to.equal('early question');
    agent.write('answer');
    agent.end(' and last words');
    await once(backend, 'close');
    expect([client.destroyed, client.taken]).to.deep.equal([false, 'answer']);
    client.goOn();
    await over;
    expect(client.taken).to.equal('answer and last words');
  });

  it('lets one speak on after the other has ended', async () => {
    client.goOn();
    agent.end('that is all');
    await once(client, 'finish');
    client.push('but');
    client.push(null);
    expect(await heard()).to.equal('early but');
    await over;
    expect(client.taken).to.equal('that is all');
  });

  it('ends both when one fails, or the server stops', async () => {
    client.destroy(new Error('reset'));
    await over;
    expect(backend.destroyed).to.equal(true);
    const [other] = duplexPair();
    const more = join({ socket: new SlowPeer(), head }, { socket: other, head }, stop.signal);
    stop.abort();
    await more;
    expect(other.destroyed).to.equal(true);
  });
});
