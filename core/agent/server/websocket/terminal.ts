import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StreamOptions } from '#core/spi/container-runtime.ts';
import type { TerminalChannels } from '#core/agent/server/terminal/channels.ts';
import { plainStatus } from '#core/agent/server/terminal/status.ts';
import { WebSocketChannels, type WebSocketTerms } from './channels.ts';

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', 'channel.k8s.io', 'base64.channel.k8s.io'];
const [stdin, stdout, stderr, errors, resize] = [0, 1, 2, 3, 4];

/** The channels of `exec` or `attach`. Undefined when the handshake fails. */
export async function webSocketTerminal(
  request: IncomingMessage, socket: Duplex, head: Buffer, options: StreamOptions, terms: WebSocketTerms,
): Promise<TerminalChannels | undefined> {
  const channels = await WebSocketChannels.open(request, socket, head, protocols, terms);
  if (channels === undefined) return undefined;
  const isJson = /^v[45]\./.test(channels.protocol);
  const opened = {
    stdin: options.stdin ? channels.reader(stdin) : undefined,
    stdout: options.stdout ? channels.writer(stdout) : undefined,
    stderr: options.stderr ? channels.writer(stderr) : undefined,
    sizes: options.tty ? channels.reader(resize) : undefined,
  };
  channels.begin();
  // Old clients wait for a first message to know that they are connected.
  channels.send(options.stdout ? stdout : options.stderr ? stderr : errors, Buffer.alloc(0));
  return {
    ...opened, gone: channels.gone,
    finish: async (status) => {
      const text = isJson ? JSON.stringify(status) : plainStatus(status);
      if (text !== '') channels.send(errors, Buffer.from(text));
      await channels.close();
    },
  };
}
