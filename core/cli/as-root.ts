import { hasProgram } from './node-needs.ts';

/** Where sudo looks for programs, on most systems. */
const securePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin';

/** A line for somebody's shell that runs an npm command as root. An npm of a version manager is not where sudo looks. */
export const asRoot = (command: string, path = securePath): string => `sudo ${hasProgram('npm', path) ? '' : 'env "PATH=$PATH" '}${command}`;
