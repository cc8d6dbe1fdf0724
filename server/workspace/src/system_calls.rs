//! System calls that a command may not make: seccomp filters.
//!
//! Of a workspace's commands, which bubblewrap sets. Three things have no namespace that would keep them apart. Keyrings
//! belong to a user, and the server's is the same one. Who makes a namespace of control groups may mount their file system
//! in it and, as the owner of its files, lift the workspace's own limits. And a program that runs as its owner, once it is
//! made, does so outside of the sandbox too: for whoever starts it there it would be the server's user.
//!
//! Of commands that change nothing, which set it for themselves: Landlock knows of what files hold and of folders, not of a
//! file's mode, owner, times and attributes.
//!
//! A filter sees numbers and not what pointers lead to: it cannot tell to which address something connects, and calls whose
//! flags lie behind one are answered as by an older kernel.

mod interfaces;

use seccompiler::sock_filter;

use interfaces::{INTERFACES, IO_URING_SETUP, Interface, LABELS_EVERYWHERE};

/// `CLONE_NEWCGROUP` of `linux/sched.h`.
const NEW_CONTROL_GROUPS: u32 = 0x0200_0000;
/// `S_ISUID` of `linux/stat.h`. The group's bit stays: shared git repositories set it on their folders.
const RUNS_AS_OWNER: u32 = 0o4000;
/// `O_CREAT` and `__O_TMPFILE` of `asm-generic/fcntl.h`: only with them does opening take a mode.
const CREATES: u32 = 0o100 | 0o20_000_000;
/// Requests of `ioctl` say in this byte what they are about.
const ABOUT: u32 = 0xff00;
/// `'f'`, `'v'`, `'X'` and btrfs's own of `linux/fs.h`, `linux/fscrypt.h` and `linux/btrfs.h`: flags, versions, project and
/// seal of files, for which it is enough that a file can be read. Programs that ask for flags do without.
const FILE_REQUESTS: [u32; 4] = [0x6600, 0x7600, 0x5800, 0x9400];

// Instructions of `linux/bpf_common.h`.
const LOAD: u16 = 0x20;
const IF_EQUAL: u16 = 0x15;
const IF_AT_LEAST: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const AND: u16 = 0x54;
const RETURN: u16 = 0x06;
// Offsets in `struct seccomp_data`; the lower half of the first argument, as all these machines are little-endian.
const NUMBER: u32 = 0;
const MACHINE: u32 = 4;
const fn argument(position: u32) -> u32 {
    16 + 8 * position
}
// Answers of `linux/seccomp.h`, with the error's number.
const ALLOW: u32 = 0x7fff_0000;
const NOT_PERMITTED: u32 = 0x0005_0001;
const NOT_KNOWN: u32 = 0x0005_0026;

/// `struct sock_filter`.
struct Instruction {
    code: u16,
    if_true: u8,
    if_false: u8,
    value: u32,
}

/// The filter of a workspace as bubblewrap reads it; `None` on a machine whose numbers are not known here.
pub fn of_workspaces() -> Option<Vec<u8>> {
    let program = program(Interface::of_workspaces)?;
    Some(program.iter().flat_map(Instruction::bytes).collect())
}

/// The filter of commands that change nothing, as the kernel reads it; `None` on a machine whose numbers are not known here.
pub fn of_read_only_commands() -> Option<Vec<sock_filter>> {
    let program = program(Interface::of_read_only_commands)?;
    Some(program.iter().map(Instruction::for_kernel).collect())
}

fn program(block: impl Fn(&Interface) -> Vec<Instruction>) -> Option<Vec<Instruction>> {
    if INTERFACES.is_empty() {
        return None;
    }
    let mut program = vec![always(LOAD, MACHINE)];
    for interface in INTERFACES {
        let block = block(interface);
        // Far shorter than 255 instructions, which is how far a jump leads.
        let length = u8::try_from(block.len()).ok()?;
        program.push(jump(IF_EQUAL, interface.machine, 0, length));
        program.extend(block);
    }
    program.push(always(RETURN, NOT_KNOWN));
    Some(program)
}

impl Interface {
    fn of_workspaces(&self) -> Vec<Instruction> {
        let mut block = self.beginning();
        for (number, answer) in self
            .keyrings
            .map(|number| (number, NOT_PERMITTED))
            .into_iter()
            .chain(self.hidden.map(|number| (number, NOT_KNOWN)))
        {
            block.extend(refuse(number, answer));
        }
        for &(number, mode) in self.modes.iter().chain(self.makes) {
            block.push(jump(IF_EQUAL, number, 0, 4));
            block.extend(refuse_mode(mode));
        }
        for &(number, flags) in self.opens {
            block.extend([
                jump(IF_EQUAL, number, 0, 6),
                always(LOAD, argument(flags)),
                jump(IF_ANY_BIT, CREATES, 0, 3),
            ]);
            block.extend(refuse_mode(flags + 1));
        }
        block.extend([
            jump(IF_EQUAL, self.clone, 1, 0),
            jump(IF_EQUAL, self.unshare, 0, 3),
            always(LOAD, argument(0)),
            jump(IF_ANY_BIT, NEW_CONTROL_GROUPS, 0, 1),
            always(RETURN, NOT_PERMITTED),
            always(RETURN, ALLOW),
        ]);
        block
    }

    fn of_read_only_commands(&self) -> Vec<Instruction> {
        let mut block = self.beginning();
        let modes = self.modes.iter().map(|&(number, _)| number);
        let labels = self.labels.iter().chain(&LABELS_EVERYWHERE).copied();
        for number in modes.chain(labels) {
            block.extend(refuse(number, NOT_PERMITTED));
        }
        // What is asked of a ring is not seen here, and some of it changes attributes.
        block.extend(refuse(IO_URING_SETUP, NOT_KNOWN));
        block.extend([
            jump(IF_EQUAL, self.ioctl, 1, 0),
            always(RETURN, ALLOW),
            always(LOAD, argument(1)),
            always(AND, ABOUT),
        ]);
        for about in FILE_REQUESTS {
            block.extend(refuse(about, NOT_PERMITTED));
        }
        block.push(always(RETURN, ALLOW));
        block
    }

    /// Leaves the call's number to be compared.
    fn beginning(&self) -> Vec<Instruction> {
        vec![
            always(LOAD, NUMBER),
            jump(IF_AT_LEAST, self.end, 0, 1),
            always(RETURN, NOT_KNOWN),
        ]
    }
}

/// Answers when this is the value.
const fn refuse(value: u32, answer: u32) -> [Instruction; 2] {
    [jump(IF_EQUAL, value, 0, 1), always(RETURN, answer)]
}

/// Answers a call whose mode stands there.
const fn refuse_mode(position: u32) -> [Instruction; 4] {
    [
        always(LOAD, argument(position)),
        jump(IF_ANY_BIT, RUNS_AS_OWNER, 0, 1),
        always(RETURN, NOT_PERMITTED),
        always(RETURN, ALLOW),
    ]
}

impl Instruction {
    const fn for_kernel(&self) -> sock_filter {
        sock_filter {
            code: self.code,
            jt: self.if_true,
            jf: self.if_false,
            k: self.value,
        }
    }

    fn bytes(&self) -> [u8; 8] {
        let [code_low, code_high] = self.code.to_ne_bytes();
        let [first, second, third, fourth] = self.value.to_ne_bytes();
        [
            code_low,
            code_high,
            self.if_true,
            self.if_false,
            first,
            second,
            third,
            fourth,
        ]
    }
}

const fn always(code: u16, value: u32) -> Instruction {
    jump(code, value, 0, 0)
}

/// Skips so many instructions, depending on the outcome.
const fn jump(code: u16, value: u32, if_true: u8, if_false: u8) -> Instruction {
    Instruction {
        code,
        if_true,
        if_false,
        value,
    }
}
