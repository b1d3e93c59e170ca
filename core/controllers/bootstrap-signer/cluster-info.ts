/** A kubeconfig without users: what anybody may know of the cluster. What stands there is kept if it is of the same authority and others can reach it. */
export function clusterInfo(known: string | undefined, ca: string, server: string): string {
  const authority = Buffer.from(ca).toString('base64');
  if (known?.includes(authority) === true && !/server:\s*["']?https:\/\/(127\.|localhost|\[::1\]|0\.0\.0\.0|\[::\])/.test(known)) return known;
  return `apiVersion: v1
kind: Config
clusters:
- name: ""
  cluster:
    certificate-authority-data: ${authority}
    server: ${server}
contexts: null
current-context: ""
preferences: {}
users: null
`;
}
