import type { DockerOptions as ClientOptions } from 'dockerode';

/**
 * What dockerode takes for an address of the engine. All members are set, for it fills in from `DOCKER_HOST` what is left out.
 * @throws {Error} when it is no address of an engine
 */
export function hostOptions(host: string | undefined): ClientOptions {
  if (host === undefined) return {};
  if (host.startsWith('/')) return socket(host);
  const url = URL.parse(host);
  switch (url?.protocol) {
    case 'unix:': return socket(host.slice('unix://'.length));
    case 'tcp:': case 'http:': return { ...remote(url), protocol: 'http', port: url.port || 2375 };
    case 'https:': return { ...remote(url), protocol: 'https', port: url.port || 2376 };
    case 'ssh:': return { ...remote(url), protocol: 'ssh', port: url.port || 22, username: url.username, sshOptions: { agent: process.env['SSH_AUTH_SOCK'] } };
    default: throw new Error(`not an address of a Docker Engine: "${host}" (expected a socket's path, unix://, tcp:// or ssh://)`);
  }
}

const socket = (socketPath: string): ClientOptions => ({ socketPath, host: undefined, port: undefined, protocol: 'http' });

const remote = ({ hostname }: URL): ClientOptions => ({ host: hostname, socketPath: undefined });
