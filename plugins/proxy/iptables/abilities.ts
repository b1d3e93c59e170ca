import type { Ability } from '#core/kernel/module.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { commandsIn, type RunCommand } from './commands.ts';
import { IptablesProxy } from './iptables-proxy.ts';

export interface Machine {
  readonly platform: string;
  readonly isRoot: boolean;
  readonly run: RunCommand;
}

const thisMachine = (): Machine => ({ platform: process.platform, isRoot: process.geteuid?.() === 0, run: commandsIn(undefined) });
const remedy = 'apt-get install -y iptables conntrack';
const patienceMs = 5000;

/** Whether this machine can forward services by its packet filter, and forget what has become stale. */
export async function iptablesAbilities(machine: Machine = thisMachine()): Promise<readonly Ability[]> {
  return [await forwarding(machine), await forgetting(machine)];
}

async function forwarding({ platform, isRoot, run }: Machine): Promise<Ability> {
  const name = 'services through iptables';
  if (platform !== 'linux') return { name, available: false, reason: 'iptables is a part of Linux' };
  if (!isRoot) return { name, available: false, reason: 'only root can change the packet filter' };
  try {
    await new IptablesProxy({ logger: silentLogger, run }).status(AbortSignal.timeout(patienceMs));
    return { name, available: true };
  } catch (error) {
    return { name, available: false, reason: error instanceof Error ? error.message : String(error), remedy };
  }
}

async function forgetting({ platform, isRoot, run }: Machine): Promise<Ability> {
  const name = 'UDP clients that follow their service';
  if (platform !== 'linux' || !isRoot) return { name, available: false, reason: 'needs Linux and root' };
  try {
    const { exitCode, complaint } = await run('conntrack', ['--version'], '', AbortSignal.timeout(patienceMs));
    return exitCode === 0 ? { name, available: true } : { name, available: false, reason: complaint, remedy };
  } catch {
    return { name, available: false, reason: 'the program conntrack is not there', remedy };
  }
}
