import { groupVersion, type KindOf } from './kind.ts';
import { always, bytes, int32, keyed, list, map, oneOf, pointer, required, string, time, type Of } from './type.ts';

const certificates = groupVersion('io.k8s.api.certificates.v1', 'certificates.k8s.io', 'v1');

/** Signers of the control plane itself (`spec.signerName`). */
export const signers = {
  apiServerClient: 'kubernetes.io/kube-apiserver-client',
  apiServerClientKubelet: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacyUnknown: 'kubernetes.io/legacy-unknown',
} as const;

export const KeyUsage = oneOf(
  'any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment', 'decipher only', 'digital signature',
  'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc',
  'netscape sgc', 'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping',
);

export const CertificateSigningRequestSpec = certificates.type('CertificateSigningRequestSpec', 'The certificate that is asked for, and who asks.', {
  request: [1, required(bytes), 'The signing request (PKCS#10) in PEM.'],
  signerName: [7, required(string), 'Who shall sign, as domain/name.'],
  expirationSeconds: [8, pointer(int32), 'Wished-for lifetime in seconds, at least 600; the signer may give another.'],
  usages: [5, list(KeyUsage), 'What the key may be used for.'],
  username: [2, string, 'Who made the object. Set by the server.'],
  uid: [3, string, 'UID of who made the object. Set by the server.'],
  groups: [4, list(string), 'Groups of who made the object. Set by the server.'],
  extra: [6, map(list(string)), 'What else is known of who made the object. Set by the server.'],
});
export type CertificateSigningRequestSpec = Of<typeof CertificateSigningRequestSpec>;

export const CertificateSigningRequestCondition = certificates.type('CertificateSigningRequestCondition', 'A step that the request has come to.', {
  type: [1, required(string), 'Approved, Denied, Failed, or a signer\'s own.'],
  status: [6, required(string), 'True, False or Unknown; always True for Approved, Denied and Failed.'],
  reason: [2, string, 'One word for programs.'],
  message: [3, string, 'A sentence for people.'],
  lastUpdateTime: [4, time, 'When the condition was last written.'],
  lastTransitionTime: [5, time, 'When its status last changed.'],
});
export type CertificateSigningRequestCondition = Of<typeof CertificateSigningRequestCondition>;

export const CertificateSigningRequestStatus = certificates.type('CertificateSigningRequestStatus', 'What became of the request.', {
  conditions: [1, keyed(CertificateSigningRequestCondition, 'type'), 'Whether it is approved, denied or failed.'],
  certificate: [2, bytes, 'The certificates in PEM, once issued. Cannot change.'],
});
export type CertificateSigningRequestStatus = Of<typeof CertificateSigningRequestStatus>;

export const CertificateSigningRequest = certificates.kind('CertificateSigningRequest', 'Asks a signer for a certificate, once somebody approves.', {
  spec: [2, required(CertificateSigningRequestSpec), 'What is asked for, and by whom. Cannot change.'],
  status: [3, always(CertificateSigningRequestStatus), 'What became of it.'],
}, { namespaced: false });
export type CertificateSigningRequest = KindOf<typeof CertificateSigningRequest>;

export const ClusterTrustBundleSpec = certificates.type('ClusterTrustBundleSpec', 'Roots of trust.', {
  signerName: [1, string, 'The signer whose roots these are; empty when they are nobody\'s in particular. Cannot change.'],
  trustBundle: [2, required(string), 'Authorities\' certificates in PEM, in no order.'],
});
export type ClusterTrustBundleSpec = Of<typeof ClusterTrustBundleSpec>;

export const ClusterTrustBundle = certificates.kind('ClusterTrustBundle', 'Authorities\' certificates that the whole cluster may read.', {
  spec: [2, required(ClusterTrustBundleSpec), 'The roots, and whose they are.'],
}, { namespaced: false });
export type ClusterTrustBundle = KindOf<typeof ClusterTrustBundle>;
