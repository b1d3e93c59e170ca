import type { ClusterPki } from '#core/authn/pki.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A kubectl configuration with the administrator's certificate. */
export const kubeconfig = (server: string, { ca, admin }: ClusterPki): string => `apiVersion: v1
kind: Config
current-context: keelson
contexts:
- name: keelson
  context:
    cluster: keelson
    user: kubernetes-admin
clusters:
- name: keelson
  cluster:
    server: ${server}
    certificate-authority-data: ${base64(ca)}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: ${base64(admin.cert)}
    client-key-data: ${base64(admin.key)}
`;
