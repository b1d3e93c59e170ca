import { ProviderError } from '#core/spi/errors.ts';
import type { RunCommand } from '#plugins/volumes/block-device/block-device.module.ts';

/** Attaches images as loop devices, by the machine's own program. */
export class LoopAttacher {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  /** Attaches the image; the device that it has already, if it has one. */
  async attach(image: string, signal: AbortSignal): Promise<string> {
    const result = await this.#run('losetup', ['--find', '--show', '--nooverlap', image], signal);
    const device = result.output.trim();
    if (result.exitCode !== 0 || !/^\/dev\/loop\d+$/.test(device)) throw new ProviderError('Unavailable', `${image} could not be attached as a loop device: ${result.complaint}`);
    return device;
  }

  /** Gives the device the size that its image has by now. */
  async refresh(device: string, signal: AbortSignal): Promise<void> {
    const result = await this.#run('losetup', ['--set-capacity', device], signal);
    if (result.exitCode !== 0) throw new ProviderError('Unavailable', `${device} could not be made as large as its image: ${result.complaint}`);
  }

  async detach(device: string, signal: AbortSignal): Promise<void> {
    const result = await this.#run('losetup', ['--detach', device], signal);
    if (result.exitCode !== 0) throw new ProviderError('Unavailable', `${device} could not be detached: ${result.complaint}`);
  }
}
