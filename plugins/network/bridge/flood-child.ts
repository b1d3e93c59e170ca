import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

/** For tests: sends datagrams and begins connections to port 9 of all given addresses, over and over, until it is killed. */
const addresses = process.argv.slice(2);
const sockets = { 4: createSocket('udp4'), 6: createSocket('udp6') };
for (const socket of Object.values(sockets)) socket.on('error', () => undefined).bind(0, () => socket.setBroadcast(true));

function round(): void {
  for (const address of addresses) {
    sockets[address.includes(':') ? 6 : 4].send('x', 9, address, () => undefined);
    const attempt = connect({ host: address, port: 9 }).on('error', () => undefined);
    setTimeout(() => attempt.destroy(), 200).unref();
  }
}

setInterval(round, 20);
process.stdout.write('ready\n');
