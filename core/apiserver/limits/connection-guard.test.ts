import { EventEmitter } from 'node:events';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { ConnectionGuard } from './connection-guard.ts';

/** As far as a guard looks at it. */
class Peer extends EventEmitter {
  readonly remoteAddress: string;
  bytesWritten = 0;
  writableLength = 0;
  destroyed = false;

  constructor(remoteAddress = '192.0.2.1') {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('ConnectionGuard', () => {
  let clock: FakeClock;
  let server: EventEmitter;
  let guard: ConnectionGuard;
  const arrive = (peer = new Peer()): Peer => {
    server.emit('connection', peer);
    if (!peer.destroyed) server.emit('secureConnection', peer);
    return peer;
  };

  beforeEach(() => {
    clock = new FakeClock();
    server = new EventEmitter();
    guard = new ConnectionGuard({ clock, perAddress: 2, stallMs: 60_000 });
    guard.attach(server as Server);
  });

  it('lets an address have so many connections, and others as many', () => {
    const [first, second, third, other] = [arrive(), arrive(), arrive(), arrive(new Peer('192.0.2.2'))];
    expect([first, second, third, other].map(({ destroyed }) => destroyed)).to.deep.equal([false, false, true, false]);
    first.destroy();
    expect(arrive().destroyed).to.equal(false);
    expect(arrive().destroyed).to.equal(true);
  });

  it('ends connections whose peer takes nothing of what is there for it, and no others', async () => {
    const [stalled, slow] = [arrive(), arrive()];
    const idle = arrive(new Peer('192.0.2.2'));
    stalled.bytesWritten = 5000;
    stalled.writableLength = 1000;
    for (let seconds = 0; seconds < 90; seconds += 15) {
      slow.bytesWritten += 10;
      slow.writableLength = 1000;
      await clock.advance(15_000);
    }
    expect([stalled, slow, idle].map(({ destroyed }) => destroyed)).to.deep.equal([true, false, false]);
  });

  it('lets one that is spared take its time', async () => {
    const peer = arrive();
    const end = guard.spare(peer as unknown as Socket);
    peer.writableLength = 1000;
    await clock.advance(200_000);
    expect(peer.destroyed).to.equal(false);
    end();
    await clock.advance(90_000);
    expect(peer.destroyed).to.equal(true);
    end();
    await clock.advance(90_000);
  });

  it('does not end one that was slow for a while only', async () => {
    const peer = arrive();
    peer.writableLength = 1000;
    await clock.advance(59_000);
    peer.writableLength = 500;
    await clock.advance(59_000);
    peer.writableLength = 0;
    await clock.advance(120_000);
    expect(peer.destroyed).to.equal(false);
    guard.stop();
    expect(clock.pending).to.equal(0);
  });
});
