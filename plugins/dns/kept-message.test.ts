import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import { queryPacket } from '#test/conformance/name-server-client.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { KeptMessage } from './kept-message.ts';
import { readQuery, type Query } from './query.ts';

const name = 'www.example.com';
const queryOf = (options: Parameters<typeof queryPacket>[1] = {}): Query => {
  const query = readQuery(queryPacket({ name, type: 'A' }, options));
  if (query === undefined) throw new Error('the query is broken');
  return query;
};
const answer = encode({
  type: 'response', id: 7, flags: 0x01a0, questions: [{ name, type: 'A' }],
  answers: [{ type: 'CNAME', name, ttl: 300, data: 'web.example.com' }, { type: 'A', name: 'web.example.com', ttl: 60, data: '192.0.2.1' }],
  authorities: [{ type: 'NS', name: 'example.com', ttl: 900, data: 'ns.example.com' }],
  additionals: [{ type: 'A', name: 'ns.example.com', ttl: 900, data: '192.0.2.2' }, { type: 'OPT', name: '.', udpPayloadSize: 4096, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }],
});

describe('an answer from elsewhere', () => {
  it('keeps all but its OPT', () => {
    const kept = KeptMessage.of(answer);
    const plain = decode(kept?.replyTo(queryOf(), 'udp', 0) ?? Buffer.alloc(0));
    expect(plain.answers?.map(({ type }) => type)).to.deep.equal(['CNAME', 'A']);
    expect(plain.authorities?.map(({ type }) => type)).to.deep.equal(['NS']);
    expect(plain.additionals?.map(({ type }) => type)).to.deep.equal(['A']);
    const edns = decode(kept?.replyTo(queryOf({ udpPayloadSize: 1232 }), 'udp', 0) ?? Buffer.alloc(0));
    expect(edns.additionals?.map(({ type }) => type)).to.deep.equal(['A', 'OPT']);
  });

  it('lives as long as the first of its records, and no TTL falls below 0', () => {
    const kept = KeptMessage.of(answer);
    expect(kept?.lifetimeMs).to.equal(60_000);
    const { answers = [] } = decode(kept?.replyTo(queryOf(), 'udp', 61_500) ?? Buffer.alloc(0));
    expect(answers.map((record) => ('ttl' in record ? record.ttl : undefined))).to.deep.equal([239, 0]);
  });

  it('says that it was validated to those who ask for that', () => {
    const validated = (flags: number): boolean => decode(KeptMessage.of(answer)?.replyTo(queryOf({ flags }), 'udp', 0) ?? Buffer.alloc(0)).flag_ad;
    expect([validated(0x0100), validated(0x0120)]).to.deep.equal([false, true]);
  });

  it('may be anything: what can be given to clients can be read, and the rest is refused', () => {
    const random = seededRandom(11);
    let [taken, refused] = [0, 0];
    for (let round = 0; round < 20_000; round++) {
      const message = Buffer.from(answer.subarray(0, random() < 0.2 ? Math.floor(random() * answer.length) : answer.length));
      for (let edits = Math.floor(random() * 4); edits >= 0 && message.length > 0; edits--) message[Math.floor(random() * message.length)] = Math.floor(random() * 256);
      const kept = KeptMessage.of(message);
      if (kept === undefined) refused++;
      else {
        taken++;
        const query = queryOf(random() < 0.5 ? {} : { udpPayloadSize: 1232 });
        // A question of another length than the one that was asked never gets here: it is compared before.
        if (kept.message.length >= query.end) {
          const reply = kept.replyTo(query, 'udp', random() * 1e6);
          expect(reply.length).to.be.at.most(1232);
          expect(reply.readUInt16BE(0)).to.equal(query.packet.readUInt16BE(0));
        }
      }
    }
    expect(taken).to.be.greaterThan(1000);
    expect(refused).to.be.greaterThan(1000);
  });
});
