/** A GET to a pod. */
export interface HttpLook {
  readonly host: string;
  readonly port: number;
  /** With query. */
  readonly path: string;
  /** Certificates are not verified. */
  readonly tls: boolean;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

/** How the agent reaches the pods of its node: from its own process, unless that is in another network namespace than the node. */
export interface ProbeDialer {
  /** Follows redirects within the host; at most 10 KiB of the body. @throws {Error} when no answer comes */
  http(look: HttpLook, signal: AbortSignal): Promise<{ readonly status: number; readonly body: string; readonly isRedirectElsewhere?: boolean }>;
  /** @throws {Error} when no connection opens */
  tcp(target: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<void>;
  /** The answer of `grpc.health.v1.Health/Check`: `SERVING` is healthy. @throws {Error} */
  grpc(target: { readonly host: string; readonly port: number; readonly service: string }, signal: AbortSignal): Promise<string>;
}
