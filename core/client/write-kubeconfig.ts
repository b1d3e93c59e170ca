import type { ClusterConnection } from './cluster-connection.ts';

/** A kubeconfig with one context of this name. Written by hand: the library for YAML is large, and a server that starts needs it for nothing else. */
export function writeKubeconfig(connection: ClusterConnection, name = 'keelson'): string {
  const cluster = fields({
    server: connection.server,
    'certificate-authority-data': base64(connection.ca),
    'tls-server-name': connection.serverName,
    'insecure-skip-tls-verify': connection.insecure === true ? true : undefined,
  });
  const user = fields({ 'client-certificate-data': base64(connection.cert), 'client-key-data': base64(connection.key), token: connection.token });
  const title = JSON.stringify(name);
  return `apiVersion: v1
kind: Config
clusters:
  - name: ${title}
    cluster:${cluster}
users:
  - name: ${title}
    user:${user}
contexts:
  - name: ${title}
    context:
      cluster: ${title}
      user: ${title}
current-context: ${title}
`;
}

const base64 = (pem: string | undefined): string | undefined => (pem === undefined ? undefined : Buffer.from(pem).toString('base64'));

/** A JSON text is YAML too. */
function fields(values: Readonly<Record<string, string | boolean | undefined>>): string {
  const lines = Object.entries(values).filter(([, value]) => value !== undefined).map(([key, value]) => `\n      ${key}: ${JSON.stringify(value)}`);
  return lines.length === 0 ? ' {}' : lines.join('');
}
