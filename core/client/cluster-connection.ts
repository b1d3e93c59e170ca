/** How to reach a cluster's API server, and as whom. Certificates and keys are PEM text. */
export interface ClusterConnection {
  /** `https://host:port`, with a path in front of `/api` where a proxy wants one. */
  readonly server: string;
  /** Who may have signed the server's certificate; the machine's own authorities when undefined. */
  readonly ca?: string | undefined;
  /** Client certificate and its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Bearer token. */
  readonly token?: string | undefined;
  /** Name that the server's certificate must have, when it is not the host of `server`. */
  readonly serverName?: string | undefined;
  /** Takes any server certificate: anybody on the way can then read and change everything. */
  readonly insecure?: boolean | undefined;
}
