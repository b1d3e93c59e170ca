/** Processors for which there is a pause program, as the engine names them. */
export type PauseArchitecture = 'amd64' | 'arm64';

/**
 * The first process of a sandbox: it holds the namespaces and does nothing. It
 *
 * - with an argument goes into the network namespace of this path, and becomes user 65535 for good, which takes every capability from it,
 * - ignores SIGCHLD, so that the kernel itself buries the children of a namespace whose first process this is,
 * - blocks SIGINT and SIGTERM, which for such a process would be dropped otherwise, and waits for one of them,
 * - then exits with 0; with the number of the error, when it could not go where it was sent.
 *
 * It uses no memory of its own: no libc, one page of the file.
 */
export const pauseProgram = (architecture: PauseArchitecture): Buffer => elf(machines[architecture], code[architecture]());

/** `e_machine` of the ELF header. */
const machines: Readonly<Record<PauseArchitecture, number>> = { amd64: 62, arm64: 183 };

const code: Readonly<Record<PauseArchitecture, () => Buffer>> = {
  amd64: () => Buffer.concat([bytes(
    '48 8b 7c 24 10',       //        mov  rdi, [rsp+16]   argv[1]
    '48 85 ff',             //        test rdi, rdi
    '74 30',                //        je   pause
    '6a 02',                //        push 2             open(argv[1],
    '58',                   //        pop  rax
    '31 f6',                //        xor  esi, esi        O_RDONLY)
    '0f 05',                //        syscall
    '85 c0',                //        test eax, eax
    '78 6a',                //        js   fail
    '89 c7',                //        mov  edi, eax      setns(file,
    'be 00 00 00 40',       //        mov  esi, 1 << 30    CLONE_NEWNET)
    'b8 34 01 00 00',       //        mov  eax, 308
    '0f 05',                //        syscall
    '85 c0',                //        test eax, eax
    '78 58',                //        js   fail
    '6a 03',                //        push 3             close(file)
    '58',                   //        pop  rax
    '0f 05',                //        syscall
    'bf ff ff 00 00',       //        mov  edi, 65535    setuid(65535)
    '6a 69',                //        push 105
    '58',                   //        pop  rax
    '0f 05',                //        syscall
    '85 c0',                //        test eax, eax
    '78 45',                //        js   fail
    '6a 0d',                // pause: push 13            rt_sigaction(
    '58',                   //        pop  rax
    '6a 11',                //        push 17              SIGCHLD,
    '5f',                   //        pop  rdi
    '48 8d 35 51 00 00 00', //        lea  rsi, [action]   &action,
    '31 d2',                //        xor  edx, edx        NULL,
    '6a 08',                //        push 8               8)
    '41 5a',                //        pop  r10
    '0f 05',                //        syscall
    '6a 0e',                //        push 14            rt_sigprocmask(
    '58',                   //        pop  rax
    '31 ff',                //        xor  edi, edi        SIG_BLOCK,
    '48 8d 35 35 00 00 00', //        lea  rsi, [mask]     &mask,
    '31 d2',                //        xor  edx, edx        NULL,
    '6a 08',                //        push 8               8)
    '41 5a',                //        pop  r10
    '0f 05',                //        syscall
    'b8 80 00 00 00',       // again: mov  eax, 128      rt_sigtimedwait(
    '48 8d 3d 21 00 00 00', //        lea  rdi, [mask]     &mask,
    '31 f6',                //        xor  esi, esi        NULL,
    '31 d2',                //        xor  edx, edx        NULL,
    '6a 08',                //        push 8               8)
    '41 5a',                //        pop  r10
    '0f 05',                //        syscall
    '85 c0',                //        test eax, eax      interrupted, or stopped and continued?
    '7e e6',                //        jle  again
    '31 c0',                //        xor  eax, eax
    'f7 d8',                // fail:  neg  eax           exit_group(the error, or 0)
    '89 c7',                //        mov  edi, eax
    'b8 e7 00 00 00',       //        mov  eax, 231
    '0f 05',                //        syscall
    '66 0f 1f 44 00 00',    //        nop
  ), data]),
  arm64: () => Buffer.concat([bytes(
    'e1 0b 40 f9', //        ldr  x1, [sp, 16]           argv[1]
    '41 02 00 b4', //        cbz  x1, pause
    '60 0c 80 92', //        mov  x0, -100               openat(AT_FDCWD, argv[1],
    '02 00 80 d2', //        mov  x2, 0                    O_RDONLY)
    '08 07 80 d2', //        mov  x8, 56
    '01 00 00 d4', //        svc  0
    'f3 03 00 aa', //        mov  x19, x0
    '20 04 f8 b7', //        tbnz x0, 63, fail
    '01 00 a8 d2', //        mov  x1, 1 << 30            setns(file, CLONE_NEWNET)
    '88 21 80 d2', //        mov  x8, 268
    '01 00 00 d4', //        svc  0
    'a0 03 f8 b7', //        tbnz x0, 63, fail
    'e0 03 13 aa', //        mov  x0, x19                close(file)
    '28 07 80 d2', //        mov  x8, 57
    '01 00 00 d4', //        svc  0
    'e0 ff 9f d2', //        mov  x0, 65535              setuid(65535)
    '48 12 80 d2', //        mov  x8, 146
    '01 00 00 d4', //        svc  0
    'c0 02 f8 b7', //        tbnz x0, 63, fail
    '20 02 80 d2', // pause: mov  x0, 17                 rt_sigaction(SIGCHLD,
    '41 03 00 10', //        adr  x1, action               &action,
    '02 00 80 d2', //        mov  x2, 0                    NULL,
    '03 01 80 d2', //        mov  x3, 8                    8)
    'c8 10 80 d2', //        mov  x8, 134
    '01 00 00 d4', //        svc  0
    '00 00 80 d2', //        mov  x0, 0                  rt_sigprocmask(SIG_BLOCK,
    '41 02 00 10', //        adr  x1, mask                 &mask,
    '02 00 80 d2', //        mov  x2, 0                    NULL,
    '03 01 80 d2', //        mov  x3, 8                    8)
    'e8 10 80 d2', //        mov  x8, 135
    '01 00 00 d4', //        svc  0
    'a0 01 00 10', // again: adr  x0, mask               rt_sigtimedwait(&mask,
    '01 00 80 d2', //        mov  x1, 0                    NULL,
    '02 00 80 d2', //        mov  x2, 0                    NULL,
    '03 01 80 d2', //        mov  x3, 8                    8)
    '28 11 80 d2', //        mov  x8, 137
    '01 00 00 d4', //        svc  0
    '1f 00 00 f1', //        cmp  x0, 0
    '2d ff ff 54', //        b.le again
    '00 00 80 d2', //        mov  x0, 0
    'e0 03 00 cb', // fail:  neg  x0, x0                 exit_group(the error, or 0)
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
