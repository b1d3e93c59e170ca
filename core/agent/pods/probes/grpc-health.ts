import { authority, dialError } from './dial-error.ts';
import type { ProbeDialer } from './probe-dialer.ts';

/** `grpc.health.v1`, by its two small messages: HealthCheckRequest{service = 1}, HealthCheckResponse{status = 1}. */
const path = '/grpc.health.v1.Health/Check';
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
const [unimplemented, unavailable] = [12, 14];

function encode(service: string): Buffer {
  const name = Buffer.from(service);
  return name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left >>>= 7) bytes.push((left & 127) | 128);
  return [...bytes, left];
}

/** The status is a small number: one byte after its tag. Absent is UNKNOWN. */
const decode = (message: Buffer): string => statuses[message[0] === 0x08 ? message[1] ?? 0 : 0] ?? 'UNKNOWN';

/** In upstream's words, whose library does not tell of its resolver. */
function failureText({ code, details }: { readonly code: number; readonly details: string }, host: string, port: number): string {
  if (code === unimplemented) return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`;
  if (code === unavailable) return `error: failed to connect service at ${JSON.stringify(authority(host, port))}: ${dialError(host, port, new Error(details)).message}`;
  return `error: health rpc probe failed: ${details}`;
}

/** Asks the health service; the library is loaded by the first pod that has such a probe. */
export const checkHealth: ProbeDialer['grpc'] = async ({ host, port, service }, signal) => {
  const { Client, credentials } = await import('@grpc/grpc-js');
  signal.throwIfAborted();
  const client = new Client(authority(host, port), credentials.createInsecure(), { 'grpc.primary_user_agent': 'kube-probe/1.34' });
  try {
    return await new Promise<string>((resolve, reject) => {
      const call = client.makeUnaryRequest(path, encode, decode, service, (error, answer) => {
        if (error === null) resolve(answer ?? 'UNKNOWN');
        else reject(new Error(failureText(error, host, port), { cause: error }));
      });
      signal.addEventListener('abort', () => {
        call.cancel();
        reject(signal.reason);
      }, { once: true });
    });
  } finally {
    client.close();
  }
};
