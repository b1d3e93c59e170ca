import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { serveNames, type MachineNames } from './machine-names.ts';

describe('names for machines', () => {
  let folder: { path: string; remove(): Promise<void> };
  let computers: Socket;
  let names: MachineNames | undefined;

  beforeEach(async () => {
    folder = await temporaryFolder();
    // A name server on loopback that knows one address for everything.
    computers = createSocket('udp4').on('message', (question, { port, address }) => {
      const answer = Buffer.concat([question.subarray(0, question.indexOf(0, 12) + 5), Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 0, 2, 99])]);
      for (const [at, value] of [[2, 0x8180], [4, 1], [6, 1], [8, 0], [10, 0]] as const) answer.writeUInt16BE(value, at);
      computers.send(answer, port, address);
    });
    await new Promise<void>((resolve) => computers.bind(0, '127.0.0.1', resolve));
    await writeFile(join(folder.path, 'resolv.conf'), `nameserver 127.0.0.1:${computers.address().port}\n`);
    names = undefined;
  });
  afterEach(async () => {
    await names?.stop();
    computers.close();
    await folder.remove();
  });

  it('are asked of the computer\'s own name server, also one on loopback', async () => {
    names = await serveNames({ address: '127.0.0.2', dataDir: folder.path, logger: silentLogger, resolvConf: join(folder.path, 'resolv.conf') }, new AbortController().signal);
    names.setClients(['192.0.2.1', '2001:db8::1']);
    expect(names.upstream).to.match(/^127\.0\.0\.2:\d+$/);
    const resolver = new Resolver();
    resolver.setServers([names.upstream]);
    expect(await resolver.resolve4('www.example.test')).to.deep.equal(['192.0.2.99']);
  });
});
