import type { Socket } from 'node:net';
import { expect } from 'chai';
import { SpdyStream, type StreamLink } from '#core/agent/server/spdy/stream.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { ForwardPairs } from './pairs.ts';

const link: StreamLink = { sendData: (_id, _data, _fin, done) => done(), forget: () => undefined };

describe('the streams of a client that forwards ports', () => {
  it('are so many at a time, also when the client gives them up before they are connected', async () => {
    const dialled: PromiseWithResolvers<Socket>[] = [];
    const dial = (): Promise<Socket> => {
      const wanted = Promise.withResolvers<Socket>();
      dialled.push(wanted);
      return wanted.promise;
    };
    const pairs = new ForwardPairs({ name: 'web', uid: 'u', dial }, new FakeClock(), 30_000);
    for (let id = 1; pairs.hasRoom; id += 4) {
      for (const [i, type] of ['error', 'data'].entries()) {
        const stream = new SpdyStream(id + 2 * i, new Map([['streamtype', type], ['port', '80'], ['requestid', String(id)]]), link);
        pairs.add(stream);
        stream.abandon(new Error('the stream was reset'));
      }
    }
    expect(dialled).to.have.length(1000);
    dialled[7]?.reject(new Error('nobody is there'));
    await settle();
    expect(pairs.hasRoom).to.equal(true);
    for (const { reject } of dialled) reject(new Error('over'));
    await settle();
  });
});
