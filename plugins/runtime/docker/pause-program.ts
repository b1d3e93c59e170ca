/** Processors for which there is a pause program, as the engine names them. */
export type PauseArchitecture = 'amd64' | 'arm64';

/**
 * The first process of a sandbox: it holds the namespaces and does nothing. It
 *
 * - ignores SIGCHLD, so that the kernel itself buries the children of a namespace whose first process this is,
 * - blocks SIGINT and SIGTERM, which for such a process would be dropped otherwise, and waits for one of them,
 * - then exits with 0.
 *
 * It uses no memory of its own: no stack, no libc, one page of the file.
 */
export const pauseProgram = (architecture: PauseArchitecture): Buffer => elf(machines[architecture], code[architecture]());

/** `e_machine` of the ELF header. */
const machines: Readonly<Record<PauseArchitecture, number>> = { amd64: 62, arm64: 183 };

const code: Readonly<Record<PauseArchitecture, () => Buffer>> = {
  amd64: () => Buffer.concat([bytes(
    '6a 0d',                //        push 13            rt_sigaction(
    '58',                   //        pop  rax
    '6a 11',                //        push 17              SIGCHLD,
    '5f',                   //        pop  rdi
    '48 8d 35 4b 00 00 00', //        lea  rsi, [action]   &action,
    '31 d2',                //        xor  edx, edx        NULL,
    '6a 08',                //        push 8               8)
    '41 5a',                //        pop  r10
    '0f 05',                //        syscall
    '6a 0e',                //        push 14            rt_sigprocmask(
    '58',                   //        pop  rax
    '31 ff',                //        xor  edi, edi        SIG_BLOCK,
    '48 8d 35 2f 00 00 00', //        lea  rsi, [mask]     &mask,
    '31 d2',                //        xor  edx, edx        NULL,
    '6a 08',                //        push 8               8)
    '41 5a',                //        pop  r10
    '0f 05',                //        syscall
    'b8 80 00 00 00',       // again: mov  eax, 128      rt_sigtimedwait(
    '48 8d 3d 1b 00 00 00', //        lea  rdi, [mask]     &mask,
    '31 f6',                //        xor  esi, esi        NULL,
    '31 d2',                //        xor  edx, edx        NULL,
    '6a 08',                //        push 8               8)
    '41 5a',                //        pop  r10
    '0f 05',                //        syscall
    '85 c0',                //        test eax, eax      interrupted, or stopped and continued?
    '7e e6',                //        jle  again
    'b8 e7 00 00 00',       //        mov  eax, 231      exit_group(
    '31 ff',                //        xor  edi, edi        0)
    '0f 05',                //        syscall
    '0f 1f 40 00',          //        nop
  ), data]),
  arm64: () => Buffer.concat([bytes(
    '20 02 80 d2', //        mov  x0, 17                 rt_sigaction(SIGCHLD,
    '21 03 00 10', //        adr  x1, action               &action,
    '02 00 80 d2', //        mov  x2, 0                    NULL,
    '03 01 80 d2', //        mov  x3, 8                    8)
    'c8 10 80 d2', //        mov  x8, 134
    '01 00 00 d4', //        svc  0
    '00 00 80 d2', //        mov  x0, 0                  rt_sigprocmask(SIG_BLOCK,
    '21 02 00 10', //        adr  x1, mask                 &mask,
    '02 00 80 d2', //        mov  x2, 0                    NULL,
    '03 01 80 d2', //        mov  x3, 8                    8)
    'e8 10 80 d2', //        mov  x8, 135
    '01 00 00 d4', //        svc  0
    '80 01 00 10', // again: adr  x0, mask               rt_sigtimedwait(&mask,
    '01 00 80 d2', //        mov  x1, 0                    NULL,
    '02 00 80 d2', //        mov  x2, 0                    NULL,
    '03 01 80 d2', //        mov  x3, 8                    8)
    '28 11 80 d2', //        mov  x8, 137
    '01 00 00 d4', //        svc  0
    '1f 00 00 f1', //        cmp  x0, 0
    '2d ff ff 54', //        b.le again
    '00 00 80 d2', //        mov  x0, 0                  exit_group(0)
    'c8 0b 80 d2', //        mov  x8, 94
    '01 00 00 d4', //        svc  0
    '1f 20 03 d5', //        nop
  ), data]),
};

/** Both little-endian. `mask` is the set of SIGINT (2) and SIGTERM (15), `action` the kernel's `struct sigaction` with the handler SIG_IGN (1). */
const data = bytes(
  '02 40 00 00 00 00 00 00', // mask:   .quad 0x4002
  '01 00 00 00 00 00 00 00', // action: .quad 1, 0, 0, 0
  '00 00 00 00 00 00 00 00',
  '00 00 00 00 00 00 00 00',
  '00 00 00 00 00 00 00 00',
);

function bytes(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}

const headers = 64 + 56;
const base = 0x400000n;

/** A static executable of one segment, read and executed: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html */
function elf(machine: number, program: Buffer): Buffer {
  const file = Buffer.concat([Buffer.alloc(headers), program]);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // ELF, 64 bits, little-endian, version 1
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + BigInt(headers), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // PF_R | PF_X
  file.writeBigUInt64LE(base, 80); // virtual
  file.writeBigUInt64LE(base, 88); // physical
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  // A page may have 64 KiB on arm64.
  file.writeBigUInt64LE(0x10000n, 112);
  return file;
}
