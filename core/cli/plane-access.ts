import { issueCertificate, type ClusterPki } from '#core/authn/pki.ts';
import type { KeyPair } from '#core/authn/pki-issue.ts';
import type { Client } from '#core/client/client.ts';
import { writeKubeconfig } from '#core/client/write-kubeconfig.ts';
import { systemClock } from '#core/kernel/clock.ts';
import type { PlaneUser } from './plane-user.ts';

/** Hands out certificates of one control plane, and what is made of them. */
export class PlaneAccess {
  readonly #server: string;
  readonly #pki: ClusterPki;
  readonly #clients: { close(): void }[] = [];

  constructor(server: string, pki: ClusterPki) {
    this.#server = server;
    this.#pki = pki;
  }

  kubeconfigOf(pair: KeyPair): string {
    return writeKubeconfig({ server: this.#server, ca: this.#pki.ca, ...pair });
  }

  async kubeconfigFor(user: PlaneUser): Promise<string> {
    return this.kubeconfigOf(await this.#certificateOf(user));
  }

  async clientFor(user: PlaneUser): Promise<Client> {
    const [{ HttpClient }, pair] = await Promise.all([import('#core/client/http-client.ts'), this.#certificateOf(user)]);
    const client = new HttpClient({ server: this.#server, ca: this.#pki.ca, ...pair }, { clock: systemClock });
    this.#clients.push(client);
    return client;
  }

  servingCertificate(hosts: readonly string[]): Promise<KeyPair> {
    return issueCertificate(this.#pki.authority, { commonName: hosts[0] ?? 'localhost', usage: 'server', hosts }, systemClock);
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  #certificateOf({ name, groups = [] }: PlaneUser): Promise<KeyPair> {
    if (name === '') throw new TypeError('a user needs a name');
    return issueCertificate(this.#pki.authority, { commonName: name, organization: groups, usage: 'client' }, systemClock);
  }
}
