import { createHash, X509Certificate } from 'node:crypto';

/** By which a cluster's authority is known, `sha256:HEX`: the hash of its public key (RFC 7469), as kubeadm has it. @throws {Error} when the text is no certificate */
export const authorityHash = (ca: string): string =>
  `sha256:${createHash('sha256').update(new X509Certificate(ca).publicKey.export({ format: 'der', type: 'spki' })).digest('hex')}`;
