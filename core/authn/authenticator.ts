import type { IncomingMessage } from 'node:http';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import type { User } from '#core/api/user.ts';

/**
 * Finds out who sends a request; undefined when it carries none of this method's credentials, or ones that another method may know.
 * Throws Unauthorized for credentials that are this method's and not valid.
 */
export interface Authenticator {
  readonly name: string;
  authenticate(request: IncomingMessage): User | undefined | Promise<User | undefined>;
}

export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Client certificates signed by the cluster's CA: the common name is the user, the organizations are the groups. */
export class ClientCertificateAuthenticator implements Authenticator {
  readonly name = 'client-certificate';
  /** A connection has one certificate; reading it costs more than many a request. */
  private readonly known = new WeakMap<object, User>();

  authenticate({ socket }: IncomingMessage): User | undefined {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    let user = this.known.get(socket);
    if (!user) {
      user = userOf(socket.getPeerCertificate());
      if (user) this.known.set(socket, user);
    }
    return user;
  }
}

function userOf({ subject, fingerprint256 }: PeerCertificate): User | undefined {
  // An empty object stands for no certificate, whatever the types say.
  if (subject === undefined || typeof subject.CN !== 'string' || subject.CN === '') return undefined;
  const organizations: readonly string[] = subject.O === undefined ? [] : [subject.O].flat();
  const id = `X509SHA256=${fingerprint256.replaceAll(':', '').toLowerCase()}`;
  return { name: subject.CN, groups: [...organizations, 'system:authenticated'], extra: { 'authentication.kubernetes.io/credential-id': [id] } };
}
