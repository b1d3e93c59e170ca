import { chmod, rename, writeFile } from 'node:fs/promises';
import { isNamespacePath, quoted } from '#plugins/network/cni-names.ts';
import { spokenVersions } from './cni-request.ts';

const variables = ['CNI_COMMAND', 'CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_ARGS'];

/**
 * The program that other runtimes call in place of a plugin: it hands on its environment and standard input to the agent, and what the agent answers.
 * A shell and curl (7.76 or later) start in a tenth of the time that Node takes.
 * @throws {RangeError} for a path of a socket that would have to be quoted
 */
export function cniShim(socket: string): string {
  if (!isNamespacePath(socket)) throw new RangeError(`the path of the CNI socket may not hold ${quoted(socket)}`);
  const version = JSON.stringify({ cniVersion: spokenVersions.at(-1), supportedVersions: spokenVersions });
  return `#!/bin/sh
# Forwards calls of the Container Network Interface to the Keelson agent of this node.
if [ "\${CNI_COMMAND:-}" = VERSION ]; then
  printf '%s\\n' '${version}'
  exit 0
fi
curl --silent --fail-with-body --max-time 120 --unix-socket ${socket} ${variables.map((name) => `--data-urlencode "${name}=\${${name}:-}"`).join(' ')} --data-urlencode config@- http://keelson/
case $? in
  0) exit 0 ;;
  22) exit 1 ;;
esac
code=11
if [ "\${CNI_COMMAND:-}" = STATUS ]; then code=50; fi
printf '{"code":%s,"msg":"the Keelson agent does not answer at ${socket}"}\\n' "$code"
exit 1
`;
}

/** Puts the program into a folder of plugins; a call that is under way meets the old one or the new one, whole. */
export async function writeCniShim(path: string, socket: string): Promise<void> {
  await writeFile(`${path}.new`, cniShim(socket));
  await chmod(`${path}.new`, 0o755);
  await rename(`${path}.new`, path);
}
