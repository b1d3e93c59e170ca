import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** For tests: serves a port by answering who asks, or asks another one who it is. What is answered is `NAME ADDRESS-OF-THE-ASKER`. */
const [role = '', ...args] = process.argv.slice(2);
const plain = (address = ''): string => address.replace(/^::ffff:/, '');

if (role === 'serve') serve(args[0] ?? '', Number(args[1]));
else process.stdout.write(`${await (args[2] === 'udp' ? askUdp : askTcp)(args[0] ?? '', Number(args[1]), Number(args[3]))}\n`);

function serve(name: string, port: number): void {
  const tcp = createServer((socket) => socket.on('error', () => undefined).end(`${name} ${plain(socket.remoteAddress)}`));
  const udp = createSocket('udp6');
  udp.on('message', (_message, from) => udp.send(`${name} ${plain(from.address)}`, from.port, from.address));
  udp.bind(port, '::', () => tcp.listen(port, '::', () => process.stdout.write('ready\n')));
}

async function askTcp(host: string, port: number, patienceMs: number): Promise<string> {
  const socket = connect({ host, port });
  const answer = new Promise<string>((resolve) => {
    let heard = '';
    socket.on('data', (data) => (heard += data.toString())).on('close', () => resolve(heard)).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
  const heard = await Promise.race([answer, delay(patienceMs, 'silence', { ref: false })]);
  socket.destroy();
  return heard;
}

async function askUdp(host: string, port: number, patienceMs: number): Promise<string> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const answer = new Promise<string>((resolve) => socket.on('message', (message) => resolve(message.toString())).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error')));
  for (let attempt = 0; attempt < patienceMs / 200; attempt++) {
    socket.send('who', port, host);
    const heard = await Promise.race([answer, delay(200, undefined)]);
    if (heard === undefined) continue;
    socket.close();
    return heard;
  }
  socket.close();
  return 'silence';
}
