import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '#core/kernel/clock.ts';

export interface ConnectionGuardOptions {
  readonly clock: Clock;
  /** Connections that one address may have open. */
  readonly perAddress: number;
  /** A peer that takes nothing for so long, while there is something for it, is cut off. */
  readonly stallMs: number;
}

/** How far a connection had come when it was last looked at. */
interface Progress {
  readonly written: number;
  readonly left: number;
  /** Looks in a row that found it there. */
  readonly looks: number;
}

const untouched: Progress = { written: 0, left: 0, looks: 0 };

/** A stall is noticed at the latest after a fourth more than its time. */
const looksPerStall = 4;

/** Bounds the connections of each client address, and ends those whose peer does not read: what is meant for them fills the memory. */
export class ConnectionGuard {
  private readonly options: ConnectionGuardOptions;
  private readonly addresses = new Map<string, number>();
  private readonly sockets = new Map<Socket, Progress>();
  private cancel: () => void = () => undefined;

  constructor(options: ConnectionGuardOptions) {
    this.options = options;
  }

  attach(server: Server): void {
    // Before the handshake, which costs more than most requests.
    server.on('connection', (socket: Socket) => this.admit(socket));
    server.on('secureConnection', (socket) => {
      this.sockets.set(socket, untouched);
      socket.once('close', () => this.sockets.delete(socket));
    });
    this.schedule();
  }

  stop(): void {
    this.cancel();
  }

  /**
   * Lets a peer take its time for as long as it gets what somebody else says, at its own pace: that waits where it comes from, not here.
   * Returns what ends this.
   */
  spare(socket: Socket): () => void {
    const known = this.sockets.delete(socket);
    return () => {
      if (known && !socket.destroyed) this.sockets.set(socket, untouched);
    };
  }

  private admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const open = this.addresses.get(address) ?? 0;
    if (open >= this.options.perAddress) {
      socket.destroy();
      return;
    }
    this.addresses.set(address, open + 1);
    socket.once('close', () => {
      const rest = (this.addresses.get(address) ?? 1) - 1;
      if (rest === 0) this.addresses.delete(address);
      else this.addresses.set(address, rest);
    });
  }

  private schedule(): void {
    this.cancel = this.options.clock.after(this.options.stallMs / looksPerStall, () => {
      this.look();
      this.schedule();
    });
  }

  private look(): void {
    for (const [socket, { written, left, looks }] of this.sockets) {
      const now = { written: socket.bytesWritten, left: socket.writableLength };
      const stalls = now.left > 0 && now.written === written && now.left === left;
      if (stalls && looks >= looksPerStall) socket.destroy();
      else this.sockets.set(socket, { ...now, looks: stalls ? looks + 1 : 0 });
    }
  }
}
