import type { Section } from './reply.ts';
import { classIn, headerSize, rrType } from './wire.ts';

/** Seconds, for secondary servers, of which there are none. */
const timers = { refresh: 7200, retry: 1800, expire: 86_400 } as const;
/** Seconds for which resolvers may believe that something does not exist. */
const negativeTtl = 5;
const nameServer = '\x02ns\x03dns';
const mailbox = '\x0ahostmaster';

/** A zone in which the server is the authority. */
export class Zone {
  readonly key: string;
  /** The zone in which the name server's own name is. */
  readonly #home: string;
  /** Its SOA, and where in it the zone's own name is pointed to. */
  readonly #soa: Buffer;
  readonly #pointers: readonly number[];
  readonly #serialAt: number;

  constructor(key: string, home: string) {
    this.key = key;
    this.#home = home;
    const pointer = Buffer.alloc(2);
    const server = home === key ? Buffer.concat([Buffer.from(nameServer, 'latin1'), pointer]) : Buffer.from(this.nameServer, 'latin1');
    const mail = Buffer.concat([Buffer.from(mailbox, 'latin1'), pointer]);
    const numbers = Buffer.alloc(20);
    for (const [index, value] of [0, timers.refresh, timers.retry, timers.expire, negativeTtl].entries()) numbers.writeUInt32BE(value, 4 * index);
    const data = Buffer.concat([server, mail, numbers]);
    this.#soa = Buffer.concat([pointer, fixed(rrType.SOA, data.length), data]);
    this.#serialAt = this.#soa.length - numbers.length;
    const afterServer = this.#serialAt - mail.length;
    this.#pointers = [0, this.#serialAt - pointer.length, ...(home === key ? [afterServer - pointer.length] : [])];
  }

  /** The key of the zone's name server. */
  get nameServer(): string {
    return nameServer + this.#home;
  }

  /** Owner, SOA. The zone's name is a pointer into the question. What it gives holds until it is asked again: most answers are that something does not exist. */
  soa(questionKey: string, serial: number): Section {
    const pointer = this.#pointerIn(questionKey);
    for (const at of this.#pointers) this.#soa.writeUInt16BE(pointer, at);
    this.#soa.writeUInt32BE(serial, this.#serialAt);
    return { count: 1, bytes: this.#soa };
  }

  ns(questionKey: string): Section {
    const data = Buffer.from(this.nameServer, 'latin1');
    const owner = Buffer.alloc(2);
    owner.writeUInt16BE(this.#pointerIn(questionKey));
    return { count: 1, bytes: Buffer.concat([owner, fixed(rrType.NS, data.length), data]) };
  }

  /** The zone's name is the end of the question's. */
  #pointerIn(questionKey: string): number {
    return 0xc000 | (headerSize + questionKey.length - this.key.length);
  }
}

function fixed(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(classIn, 2);
  bytes.writeUInt32BE(negativeTtl, 4);
  bytes.writeUInt16BE(length, 8);
  return bytes;
}
