/** `iss` of service account tokens, unless the administrator says otherwise. */
export const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';
